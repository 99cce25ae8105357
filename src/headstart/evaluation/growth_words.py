"""Say what was added to a run and what was forgotten, and how its answers changed by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.words import count_photos, format_percent, join_labels

FEW = 20  # training photos of a new class, below which its accuracy is not known well
NAMES = {"train": "train", "validation": "validation", "test": "test"}


def say_growth(record: Mapping[str, Any]) -> list[str]:
    """Return the sentences on the record ``growth`` of metrics.json.

    Examples
    --------
    >>> added = {"cats": {"train": 7, "validation": 2, "test": 1}}
    >>> record = {"added": added, "forgotten": {}, "new_classes": [], "lost_classes": [], "comparison": None,
    ...           "n_held_out": 0, "n_other": 0, "left_out": {}}
    >>> say_growth(record)[0]
    '10 photos were added (7 train, 2 validation, 1 test), and none was forgotten.'
    """
    told = [_say_photos(record["added"], record["forgotten"])]
    n_left_out = sum(sum(row.values()) for row in record["left_out"].values())
    if n_left_out:
        are = "is" if n_left_out == 1 else "are"
        told.append(f"{count_photos(n_left_out)} of the earlier run {are} left out for reasons that the notes give.")
    told += _say_new_classes(record)
    lost = record["lost_classes"]
    if lost:
        told.append(f"No photo is left of {join_labels(lost)}: the classifier does not answer this any more.")
    return [*told, _say_accuracy(record), *_say_answers(record)]


def _say_photos(added: Mapping[str, Any], forgotten: Mapping[str, Any]) -> str:
    counts = [{split: sum(row[split] for row in rows.values()) for split in NAMES} for rows in (added, forgotten)]
    told = []
    for count, verb in zip(counts, ("added", "forgotten"), strict=True):
        n = sum(count.values())
        splits = ", ".join(f"{number:,} {NAMES[split]}" for split, number in count.items() if number)
        shown = f"{count_photos(n)} " if n else "none "
        told.append(f"{shown}{'was' if n < 2 else 'were'} {verb}{f' ({splits})' if n else ''}")
    if not sum(counts[0].values()):
        told[0] = "No photo was added"
    return f"{told[0]}, and {told[1]}."


def _say_new_classes(record: Mapping[str, Any]) -> list[str]:
    told = []
    for label in record["new_classes"]:
        counts = record.get("of_new_classes", record["added"]).get(label, dict.fromkeys(NAMES, 0))
        n_train, n_test = counts["train"], counts["test"]
        text = f"'{label}' is a new class, with {count_photos(n_train, 'training')} and {count_photos(n_test, 'test')}."
        if n_train < FEW:
            text += f" That is few: add photos of '{label}' before you rely on its answers."
        if not n_test:
            text += f" The test accuracy says nothing about '{label}': put some of its photos into a folder test/."
        told.append(text)
    return told


def _say_accuracy(record: Mapping[str, Any]) -> str:
    compared = record["comparison"]
    if compared is None:
        return "The runs share no test photo, so their accuracies cannot be compared."
    before, after = map(format_percent, compared["accuracy"])
    n_before, n_after = compared["n_only_before"], compared["n_only_after"]
    text = f"On the {count_photos(compared['n'], 'test')} of both runs the accuracy was {before}, and is {after} now"
    if not n_before + n_after:
        return f"{text}: both are right on the same photos."
    verdict = "more than chance" if compared["is_more_than_chance"] else "this may be chance"
    return (
        f"{text}: only this run is right on {n_after:,}, only the earlier one on {n_before:,} ({verdict}, McNemar's "
        f"exact test, p = {compared['p']:.2g})."
    )


def _say_answers(record: Mapping[str, Any]) -> list[str]:
    n, n_other = record["n_held_out"], record["n_other"]
    if not n:
        return []
    has = f"{n_other:,} have" if n_other > 1 else f"{n_other or 'none'} has"
    return [f"Of the {count_photos(n, 'validation and test')} of both runs, {has} another answer."]


def list_class_changes(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of ``by_class`` of the record whose photos changed; with a new class, all rows."""
    rows = record["by_class"]
    return [row for row in rows if record["new_classes"] or row["gained"] or row["lost"]]
