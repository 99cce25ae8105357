"""``headstart predict``."""

from __future__ import annotations

import csv
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from headstart.cli.options import PATH, json_option, precision_option
from headstart.cli.printing import print_json, print_line, say, say_note
from headstart.errors import RunError
from headstart.process.terminal_text import escape_name
from headstart.storage.spreadsheet_cells import guard_cell

if TYPE_CHECKING:
    from headstart.classifier.classifier import Classifier
    from headstart.classifier.prediction import Prediction

N_GRID, N_EXPLAINED = 36, 18
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
@precision_option
def predict(
    model: Path, photos: tuple[str, ...], output: str, as_json: bool, top: int | None, grid: Path | None,
    explain: Path | None, precision: str,
) -> None:  # fmt: skip
    """Predict the labels of photos.

    MODEL is a classifier (model.onnx) or its run folder. PATH... are photo files, folders, or globs in quotes.

    The exit status is 1 if a photo cannot be read; all others are still predicted. (train and evaluate leave such
    photos out, list them, and exit with 0.)
    """
    from headstart.catalog.photo_search import find_photos
    from headstart.classifier.classifier import load_classifier
    from headstart.classifier.precision_note import note_precision

    if as_json and output == "csv":
        raise click.UsageError("--json and --format csv contradict each other.")
    _check_pictures(grid, explain)
    classifier = load_classifier(model, precision=precision)
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
            _print_table(predictions, paths, top or default_top)
        elif kind == "json":
            records = [_to_record(prediction, top or default_top) for prediction in predictions]
            print_json({"schema": 1, "labels": list(classifier.labels), "predictions": records})
        else:
            _print_csv(predictions, classifier.labels, top or (default_top if is_many else None))
    except BrokenPipeError:  # the reader, such as head, needs no more lines; the pictures need all photos
        if grid is not None or explain is not None:
            deque(predictions, maxlen=0)
            _draw_pictures(seen, classifier, grid, explain)
        raise
    _draw_pictures(seen, classifier, grid, explain)
    failed = [prediction for prediction in seen if prediction.error is not None]
    if failed:
        first = failed[0]
        name = escape_name(str(first.path))
        say(f"headstart: {len(failed)} of {len(seen)} photos cannot be read, such as '{name}': {first.error}.")
        raise SystemExit(1)


def _check_pictures(grid: Path | None, explain: Path | None) -> None:
    """Refuse paths of pictures before any work."""
    from headstart.report.figure_file import check_picture_path

    if grid is not None and explain is not None and grid.resolve() == explain.resolve():
        raise RunError(f"Cannot write figures: --grid and --explain are both '{grid}'. Give two names.", path=grid)
    for picture in (grid, explain):
        if picture is not None:
            check_picture_path(picture)


def _draw_pictures(
    predictions: list[Prediction], classifier: Classifier, grid: Path | None, explain: Path | None
) -> None:
    readable = [prediction for prediction in predictions if prediction.error is None]
    if grid is not None:
        _draw_grid(readable[:N_GRID], grid, classifier.metadata.depth)
    if explain is not None:
        _draw_explanations(readable[:N_EXPLAINED], classifier, explain)


def _predict_photos(classifier: Classifier, paths: list[Path], seen: list[Prediction]) -> Iterator[Prediction]:
    from headstart.process.progress import show_progress

    # on a terminal the table itself shows the progress
    with show_progress("Predicting", is_shown=not sys.stdout.isatty()) as progress:
        for n_done, prediction in enumerate(classifier.predict_iter(paths), 1):
            seen.append(replace(prediction, probabilities={}))  # of thousands of classes they would fill the memory
            yield prediction
            progress(n_done, len(paths))


def _print_table(predictions: Iterator[Prediction], paths: list[Path], top: int) -> None:
    width = max(len(escape_name(str(path))) for path in paths)
    for prediction in predictions:
        if prediction.error is not None:
            is_told = prediction.error.startswith("cannot be ")
            line = prediction.error if is_told else f"cannot be read: {prediction.error}"
        else:
            line = "  ".join(f"{label} {probability:.1%}" for label, probability in prediction.top(top))
            line += f"  ({prediction.decided_by})" if prediction.decided_by else ""
            line += f"  (a part may be garbled: {prediction.warning})" if prediction.warning else ""
        print_line(f"{escape_name(str(prediction.path)):<{width}}  {line}")


def _print_csv(predictions: Iterator[Prediction], labels: Sequence[str], top: int | None) -> None:
    """Print a row for each photo, with the probabilities of all classes, or the ``top`` most probable classes."""
    columns = [f"probability of {label}" for label in labels]
    if top is not None:
        places = range(2, min(top, len(labels)) + 1)  # the first class is in the columns label and probability
        columns = [f"{name} {place}" for place in places for name in ("label", "probability")]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    columns = [guard_cell(column) for column in columns]
    writer.writerow(["path", "label", "probability", *columns, "error", "warning", "decided_by"])
    for prediction in predictions:
        values: list[str] = [""] * len(columns)
        if prediction.error is None and top is not None:
            values = [text for name, p in prediction.top(top)[1:] for text in (guard_cell(name), f"{p:.6f}")]
        elif prediction.error is None:
            values = [f"{prediction.probabilities[label]:.6f}" for label in labels]
        probability = "" if prediction.probability is None else f"{prediction.probability:.6f}"
        texts = [prediction.label, prediction.error, prediction.warning, prediction.decided_by]
        path, label, error, warning, decided_by = map(
            guard_cell, [str(prediction.path), *(text or "" for text in texts)]
        )
        writer.writerow([path, label, probability, *values, error, warning, decided_by])


def _to_record(prediction: Prediction, top: int) -> dict[str, Any]:
    return {
        "path": str(prediction.path),
        "label": prediction.label,
        "probability": prediction.probability,
        "top": [{"label": label, "probability": probability} for label, probability in prediction.top(top)],
        "error": prediction.error,
        "warning": prediction.warning,
        "decided_by": prediction.decided_by,
    }


def _name_photos(predictions: list[Prediction]) -> list[tuple[Path, str]]:
    """Return each path and its name for a title; names that occur twice get their folders."""
    paths = [cast("Path", prediction.path) for prediction in predictions]
    counts = Counter(path.name for path in paths)
    return [(path, path.name if counts[path.name] == 1 else f"{path.parent.name}/{path.name}") for path in paths]


def _write_title(prediction: Prediction, name: str) -> str:
    """Return the title of a photo: its label and probability, and its name. A star marks the answer of a decision."""
    return f"{prediction.label} {prediction.probability:.0%}{'*' if prediction.decided_by else ''}\n{name}"


def _draw_grid(predictions: list[Prediction], path: Path, depth: int) -> None:
    from headstart.pixels.decode import read_thumbnail
    from headstart.report.figure_file import save_png
    from headstart.report.photo_grid import CELL_PX, plot_photo_grid

    if not predictions:
        say("No grid was drawn: no photo can be read.")
        return
    named = _name_photos(predictions)
    titles = [_write_title(prediction, name) for prediction, (_, name) in zip(predictions, named, strict=True)]
    n_columns, cell_px = (min(len(predictions), 3), CELL_PX) if len(predictions) <= 9 else (6, 140)
    thumbnails = [read_thumbnail(photo_path, cell_px, depth=depth) for photo_path, _ in named]
    save_png(plot_photo_grid(thumbnails, titles, n_columns=n_columns, cell_px=cell_px), path)
    say(f"Grid: {path}")
    _explain_stars(predictions)


def _draw_explanations(predictions: list[Prediction], classifier: Classifier, path: Path) -> None:
    from headstart.pixels.decode import read_thumbnail
    from headstart.report.figure_file import save_png
    from headstart.report.heat_overlay import overlay_heat_map
    from headstart.report.photo_grid import plot_photo_grid

    if not predictions:
        say("No heat map was drawn: no photo can be read.")
        return
    cell_px = 200
    photos, titles = [], []
    for prediction, (photo_path, name) in zip(predictions, _name_photos(predictions), strict=True):
        photo = read_thumbnail(photo_path, cell_px, depth=classifier.metadata.depth)
        photos += [photo, overlay_heat_map(photo, classifier.explain(photo_path, prediction.label).heat)]
        titles += [_write_title(prediction, name), "evidence"]
    save_png(plot_photo_grid(photos, titles, n_columns=min(len(photos), 6), cell_px=cell_px), path)
    say(f"Explanations: {path}")
    _explain_stars(predictions)


def _explain_stars(predictions: list[Prediction]) -> None:
    reasons = sorted({prediction.decided_by for prediction in predictions if prediction.decided_by is not None})
    if reasons:
        say(f"* not the most probable class, but the answer {'; or '.join(reasons)}.")
