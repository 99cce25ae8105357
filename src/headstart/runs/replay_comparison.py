"""Compare a run with its replay: the bits of the results, the answers, the metrics and the conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from headstart.catalog.photo import Photo
from headstart.errors import RunError
from headstart.runs.run_record import read_record
from headstart.runs.run_tables import Answer, read_answers, read_run_photos

# keys of metrics.json that differ between equal trainings: times, counts of the cache, what was compared before the
# choice that a replay takes over, the comparison with an earlier run, and texts with paths
VARYING = frozenset({"seconds", "seconds_per_epoch", "n_extracted", "n_cached", "skipped", "notes", "auto", "device",
                     "candidates", "path", "paths", "photos", "photos_to_look_at", "growth"})  # fmt: skip
RESULTS = ("catalog", "features", "head", "model", "probabilities")


def compare_replay(before: Path, after: Path) -> dict[str, Any]:
    """Compare two run folders that should hold the same training.

    Returns
    -------
    Plain JSON types. ``same_bits``: for each result whether its bits are the same. ``metrics``: both values of each
    figure that differs, by its name in metrics.json. ``versions``, ``engine``, ``arithmetic``: both values, where they
    differ. ``n_compared`` photos were answered by both; ``largest_difference`` is that of a probability, and
    ``other_answers`` lists the photos with another answer.
    """
    records = read_record(before), read_record(after)
    figures = [json.loads((folder / "metrics.json").read_text(encoding="utf-8")) for folder in (before, after)]
    digests = [record["digests"] for record in records]
    metrics = compare_figures(*figures)
    same_bits = {name: digests[0].get(name) == digests[1].get(name) for name in RESULTS} | {"metrics": not metrics}
    conditions: dict[str, Any] = {
        name: [record["machine"].get(name) for record in records] for name in ("engine", "arithmetic")
    }
    versions = [record["versions"] for record in records]
    changed = {name: values for name, values in conditions.items() if values[0] != values[1]}
    other_versions = {
        name: [version.get(name) for version in versions]
        for name in dict.fromkeys([*versions[0], *versions[1]])
        if versions[0].get(name) != versions[1].get(name)
    }
    return {
        "is_same_condition": not changed and not other_versions,
        **{name: changed.get(name) for name in conditions},
        "versions": other_versions,
        "same_bits": same_bits,
        "metrics": metrics,
        **_compare_answers(before, after),
    }


def compare_figures(before: Any, after: Any) -> dict[str, list[Any]]:
    """Return both values of each figure of metrics.json that differs, by its name, such as ``test.accuracy``."""
    values = [dict(_walk(record, "")) for record in (before, after)]
    names = dict.fromkeys([*values[0], *values[1]])
    return {name: [value.get(name) for value in values] for name in names if values[0].get(name) != values[1].get(name)}


def _walk(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the figures and words of metrics.json with their names, without those that may vary."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in VARYING:
                yield from _walk(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{name}[{number}]")
    else:
        yield name, value


def answer_by_digest(folder: Path, photos: Sequence[Photo]) -> dict[str, Answer]:
    """Return the answers of a run by the digests of its photos.

    Raises
    ------
    RunError
        If predictions.csv is missing or damaged, or has none of the photos.
    """
    answers = read_answers(folder)
    found = {photo.digest: answers[photo.file] for photo in photos if photo.file in answers}
    if not found:
        raise RunError(
            f"Cannot compare '{folder}': got other paths in predictions.csv than in catalog.csv, need the same. "
            "Train again.", path=folder,
        )  # fmt: skip
    return found


def _compare_answers(before: Path, after: Path) -> dict[str, Any]:
    photos = read_run_photos(before)
    old, new = answer_by_digest(before, photos), answer_by_digest(after, read_run_photos(after))
    both = old.keys() & new.keys()
    shared = [photo for photo in photos if photo.digest in both]
    gaps = [_find_gap(old[photo.digest], new[photo.digest]) for photo in shared]
    others = [
        {"path": photo.file, "label": photo.label, "before": old[photo.digest].label, "after": new[photo.digest].label}
        for photo in shared
        if old[photo.digest].label != new[photo.digest].label
    ]
    return {"n_compared": len(shared), "largest_difference": max(gaps, default=0.0), "other_answers": others}


def _find_gap(old: Answer, new: Answer) -> float:
    """Return the largest difference of a probability that both answers have."""
    shared = old.probabilities.keys() & new.probabilities.keys()
    return max((abs(old.probabilities[label] - new.probabilities[label]) for label in shared), default=0.0)
