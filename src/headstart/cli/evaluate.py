"""``headstart evaluate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from headstart.cli.options import (
    PATH,
    column_options,
    evaluated_group_option,
    json_option,
    layout_option,
    precision_option,
    refuse_option,
)
from headstart.cli.printing import count_files, print_json, print_line, say, say_note
from headstart.process.terminal_text import escape_name

MAX_ROWS, N_LOWEST = 50, 20  # classes in the table: all, or those of the lowest recall


@click.command(short_help="Evaluate a classifier on other labelled photos.")
@click.argument("model", type=PATH)
@click.argument("data", type=PATH, nargs=-1, required=True, metavar="DATA...")
@click.option(
    "--split", type=click.Choice(["auto", "train", "validation", "test", "all"]), default="auto",
    help="Split to evaluate on. auto: the test photos if the data name any, otherwise all photos.",
)  # fmt: skip
@click.option(
    "--unknown", type=PATH, multiple=True, metavar="PATH",
    help="Folder with photos of nothing that the classifier knows, to measure how many of them are refused. It can be "
    "given several times.",
)  # fmt: skip
@refuse_option
@layout_option
@column_options
@evaluated_group_option
@precision_option
@json_option()
def evaluate(
    model: Path, data: tuple[Path, ...], split: str, unknown: tuple[Path, ...], refuse: Any, precision: str,
    as_json: bool, **reading: Any,
) -> None:  # fmt: skip
    """Evaluate a classifier on labelled photos that it was not trained on.

    MODEL is a classifier (model.onnx) or its run folder. DATA is a folder of labelled photos, a CSV or Parquet table
    (path,label[,split][,group]), or tar shards; several of these are joined.

    Photos that cannot be read are left out and listed. The exit status is then 0, unlike that of predict.
    """
    from headstart.classifier.classifier import load_classifier
    from headstart.classifier.precision_note import note_precision
    from headstart.training.evaluate import evaluate_classifier

    classifier = load_classifier(model, precision=precision, refuse=refuse)
    metrics = evaluate_classifier(classifier, list(data), split=split, report=model, unknown=unknown or None, **reading)
    for note in note_precision(classifier, precision):
        metrics["notes"].append(note.text)
        metrics["note_records"].append(note.to_record())
    if as_json:
        print_json(metrics)
        return
    is_asked = bool(reading["group_from"] or reading["group_column"])
    _print_measures(metrics, is_asked=is_asked)
    if metrics["comparison"]:
        say(metrics["comparison"])
    for note in metrics["notes"]:
        say_note(note)
    _say_left_out(metrics)


def _print_measures(metrics: Mapping[str, Any], *, is_asked: bool) -> None:
    from headstart.evaluation.refusals import say_refused
    from headstart.evaluation.words import format_percent
    from headstart.evaluation.working_points import say_measured

    low, high = map(format_percent, metrics["accuracy_ci95"])
    which = "all photos" if metrics["split"] == "all" else f"the {metrics['split']} photos"
    print_line(f"Of {which} in {metrics['data']}, the {metrics['n']:,} that the classifier was not trained on:\n")
    accuracy = format_percent(metrics["accuracy"])
    print_line(f"Accuracy  {accuracy}  (95% interval {low} to {high}, {metrics['n']:,} photos)")
    print_line(f"Log loss  {metrics['loss']:.4f}   Macro F1  {metrics['macro_f1']:.3f}")
    if metrics["refusal"] is not None:
        print_line(say_refused(metrics["refusal"]))
    _print_classes(metrics["per_class"])
    _print_groups(metrics["by_group"], metrics["n"], is_asked=is_asked)
    for record in metrics["working_points"]:
        print_line(f"\n{say_measured(record)}\nThe figures above are those of the most probable class.")
    if metrics["unknown"] is not None:
        _print_strangers(metrics["unknown"])


def _say_left_out(metrics: Mapping[str, Any]) -> None:
    """Say which photos were left out, and why."""
    from headstart.catalog.classes import describe_unknown_labels

    if metrics["n_seen"]:
        say(f"{metrics['n_seen']:,} photos were left out: the classifier was trained on them.")
    lines = describe_unknown_labels(metrics["unknown_labels"], metrics["classes"])
    if lines:
        say("Left out, because the classifier does not know their labels (names must be equal letter by letter):")
        for line in lines:
            say(f"  {line}")
    if metrics["skipped"]:
        first = metrics["skipped"][0]
        say(f"{count_files(metrics['skipped'])} left out, such as '{escape_name(first['path'])}': {first['reason']}.")
    strangers = metrics["unknown"] or {}
    if strangers.get("n_left_out"):
        say(f"{count_files(range(strangers['n_left_out']))} of --unknown left out: the classifier was trained on them, "
            "or they are among the evaluated photos.")  # fmt: skip
    if strangers.get("skipped"):
        first, n = strangers["skipped"][0], count_files(strangers["skipped"])
        say(f"{n} of --unknown left out, such as '{escape_name(first['path'])}': {first['reason']}.")


def _print_strangers(record: Mapping[str, Any]) -> None:
    """Print how many strangers are refused at some shares, and what was accepted."""
    from headstart.evaluation.refusals import list_share_rows, say_accepted
    from headstart.evaluation.words import count_photos

    how = "how often a stranger is stranger than an evaluated photo"
    print_line(f"\nStrangers: {count_photos(record['n_strangers'])}, AUROC {record['auroc']:.3f} ({how})")
    for line in list_share_rows(record):
        print_line(line)
    if accepted := say_accepted(record):
        print_line(f"{accepted} The least strange:")
        for photo in record["examples"]:
            print_line(f"  {escape_name(photo['path'])}  {photo['label']}")


def _print_groups(by_group: Sequence[Mapping[str, Any]], n: int, *, is_asked: bool = False) -> None:
    """Print the accuracy on each group of the ``n`` photos; of many, only on those of the lowest accuracy."""
    from headstart.evaluation.group_measures import MIN_PHOTOS

    if not by_group:
        if is_asked:
            say(f"No group has {MIN_PHOTOS} evaluated photos or more, so there is no accuracy by group.")
        return
    shown = by_group if len(by_group) <= MAX_ROWS else by_group[:N_LOWEST]
    width = max(len("group"), *(len(row["group"]) for row in shown))
    print_line(f"\n{'group':<{width}}  accuracy  95% interval    photos")
    for row in shown:
        low, high = row["accuracy_ci95"]
        print_line(f"{row['group']:<{width}}  {row['accuracy']:>8.1%}  {low:>5.1%} to {high:>6.1%}  {row['n']:>6,}")
    if len(shown) < len(by_group):
        say(f"These are the {len(shown)} groups of the lowest accuracy; --json lists more.")
    elif n_other := n - sum(row["n"] for row in by_group):
        are = "photo is in a group" if n_other == 1 else "photos are in groups"
        say(f"{n_other:,} more {are} of fewer than {MIN_PHOTOS} photos, or in none.")


def _print_classes(per_class: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the measures by class; of many classes, only those of the lowest recall."""
    rows = list(per_class.items())
    if len(rows) > MAX_ROWS:
        rows = [row for row in rows if row[1]["support"]]
        rows = sorted(rows, key=lambda row: row[1]["recall"])[:N_LOWEST]
    width = max(len("class"), *(len(name) for name, _ in rows))
    print_line(f"\n{'class':<{width}}  precision  recall     f1  photos")
    for name, row in rows:
        figures = (f"{row[key]:>{w}.3f}" if row[key] is not None else f"{'-':>{w}}"
                   for key, w in (("precision", 9), ("recall", 6), ("f1", 5)))  # fmt: skip
        print_line(f"{name:<{width}}  {'  '.join(figures)}  {row['support']:>6,}")
    if len(rows) < len(per_class):
        say(f"These are the {len(rows)} classes of the lowest recall; --json lists all {len(per_class):,}.")
