"""``headstart predict``."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headstart.classifier.refusal import AUTO, NONE_OF_THESE
from headstart.cli.options import PATH, json_option, precision_option, refuse_option, sets_option
from headstart.cli.prediction_pictures import check_pictures, draw_pictures
from headstart.cli.prediction_rows import make_record, print_csv, print_table
from headstart.cli.printing import print_json, say, say_note
from headstart.evaluation.words import count_photos
from headstart.process.terminal_text import escape_name

if TYPE_CHECKING:
    from headstart.classifier.classifier import Classifier
    from headstart.classifier.prediction import Prediction

MAX_ALL = 50  # classes; a table of more probabilities is too wide to be read
TOP, TOP_OF_MANY = 3, 5


@click.command(short_help="Predict the labels of photos.")
@click.argument("model", type=PATH)
@click.argument("photos", nargs=-1, required=True, metavar="PATH...")
@click.option("--format", "output", type=click.Choice(["table", "json", "csv"]), default="table", help="Output format.")
@json_option("Print JSON, as --format json does.")
@click.option(
    "--top", type=click.IntRange(min=1),
    help="Number of classes to print for each photo, the most probable first.  [default: 3, of more than 50 classes 5; "
    "in CSV all classes up to 50]",
)  # fmt: skip
@click.option("--grid", type=PATH, help="PNG file for a grid of the first photos with their predictions.")
@click.option("--explain", type=PATH, help="PNG file for the first photos with heat maps of the predicted class.")
@refuse_option
@sets_option
@precision_option
def predict(
    model: Path, photos: tuple[str, ...], output: str, as_json: bool, top: int | None, grid: Path | None,
    explain: Path | None, refuse: Any, sets: float | None, precision: str,
) -> None:  # fmt: skip
    """Predict the labels of photos, or say that a photo is none of these.

    MODEL is a classifier (model.onnx) or its run folder. PATH... are photo files, folders, or globs in quotes.

    The exit status is 1 if a photo cannot be read; all others are still predicted. (train and evaluate leave such
    photos out, list them, and exit with 0.)
    """
    from headstart.catalog.photo_search import find_photos
    from headstart.classifier.classifier import load_classifier
    from headstart.classifier.precision_note import note_precision

    if as_json and output == "csv":
        raise click.UsageError("--json and --format csv contradict each other.")
    check_pictures(grid, explain)
    classifier = load_classifier(model, precision=precision, refuse=refuse, sets=sets)
    for note in note_precision(classifier, precision):
        say_note(str(note))
    paths = find_photos(photos, say_note)
    seen: list[Prediction] = []
    predictions = _predict_photos(classifier, paths, seen)
    kind = "json" if as_json else output
    is_many = len(classifier.labels) > MAX_ALL
    default_top = TOP_OF_MANY if is_many else TOP
    try:
        if kind == "table":
            print_table(predictions, paths, top or default_top)
        elif kind == "json":
            records = [make_record(prediction, top or default_top) for prediction in predictions]
            print_json(_describe(classifier) | {"predictions": records})
        else:
            print_csv(predictions, classifier.labels, top or (default_top if is_many else None))
    except BrokenPipeError:  # the reader, such as head, needs no more lines; the pictures need all photos
        if grid is not None or explain is not None:
            deque(predictions, maxlen=0)
            draw_pictures(seen, classifier, grid, explain)
        raise
    draw_pictures(seen, classifier, grid, explain)
    _say_rules(classifier, is_default=refuse == AUTO)
    failed = [prediction for prediction in seen if prediction.error is not None]
    n_refused, readable = sum(not prediction.is_known for prediction in seen), "readable" if failed else ""
    if n_refused:
        among = count_photos(len(seen) - len(failed), readable)
        say(f"{n_refused:,} of {among} {'was' if n_refused == 1 else 'were'} refused: '{NONE_OF_THESE}'.")
    if failed:
        first = failed[0]
        name = escape_name(str(first.path))
        say(f"headstart: {len(failed)} of {len(seen)} photos cannot be read, such as '{name}': {first.error}.")
        raise SystemExit(1)


def _describe(classifier: Classifier) -> dict[str, Any]:
    """Return the head of the JSON: the labels, and the rules of the answers."""
    rules = classifier.rules
    sets = None if rules.level is None else {"level": rules.level, "expected": rules.expected}
    return {"schema": 1, "labels": list(classifier.labels), "refused_share": rules.refused_share, "sets": sets}


def _say_rules(classifier: Classifier, *, is_default: bool) -> None:
    """Say which share of photos is refused by default, and of label sets, whether one label is enough for all."""
    from headstart.classifier.label_sets import say_single_labels
    from headstart.classifier.refusal import say_refusal

    rules = classifier.rules
    if is_default:
        change = "" if rules.refused_share is None else " --refuse changes it."
        say_note(say_refusal(rules.refused_share, classifier.metadata.n_novelty_photos) + change)
    if rules.level is not None and rules.set_threshold == 1:
        sets = classifier.metadata.label_sets
        assert sets is not None  # noqa: S101  for the type checker
        say_note(say_single_labels(sets, rules.level))


def _predict_photos(classifier: Classifier, paths: list[Path], seen: list[Prediction]) -> Iterator[Prediction]:
    from headstart.process.progress import show_progress

    # on a terminal the table itself shows the progress
    with show_progress("Predicting", is_shown=not sys.stdout.isatty()) as progress:
        for n_done, prediction in enumerate(classifier.predict_iter(paths), 1):
            seen.append(replace(prediction, probabilities={}))  # of thousands of classes they would fill the memory
            yield prediction
            progress(n_done, len(paths))
