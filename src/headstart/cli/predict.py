"""``headstart predict``."""

from __future__ import annotations

import csv
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headstart.cli.options import PATH, json_option, precision_option
from headstart.cli.printing import print_json, print_line, say
from headstart.errors import RunError

if TYPE_CHECKING:
    from headstart.classifier.classifier import Classifier, Prediction

N_GRID, N_EXPLAINED = 36, 18


@click.command(short_help="Predict the labels of photos.")
@click.argument("model", type=PATH)
@click.argument("photos", nargs=-1, required=True, metavar="PATH...")
@click.option("--format", "output", type=click.Choice(["table", "json", "csv"]), default="table", help="Output format.")
@json_option("Print JSON, as --format json does.")
@click.option("--top", type=click.IntRange(min=1), default=3, help="Number of classes to print for each photo.")
@click.option("--grid", type=PATH, help="PNG file for a grid of the first photos with their predictions.")
@click.option("--explain", type=PATH, help="PNG file for the first photos with heat maps of the predicted class.")
@precision_option
def predict(
    model: Path, photos: tuple[str, ...], output: str, as_json: bool, top: int, grid: Path | None,
    explain: Path | None, precision: str,
) -> None:  # fmt: skip
    """Predict the labels of photos.

    MODEL is a classifier (model.onnx) or its run folder. PATH... are photo files, folders, or globs in quotes.
    """
    from headstart.catalog.photo_search import find_photos
    from headstart.classifier.classifier import load_classifier

    if as_json and output == "csv":
        raise click.UsageError("--json and --format csv contradict each other.")
    if grid is not None and explain is not None and grid.resolve() == explain.resolve():
        raise RunError(f"Cannot write figures: --grid and --explain are both '{grid}'. Give two names.", path=grid)
    for picture in (grid, explain):
        if picture is not None:
            from headstart.report.figure_file import check_picture_path

            check_picture_path(picture)  # an error here costs no work
    classifier = load_classifier(model, precision=precision)
    paths = find_photos(photos)
    seen: list[Prediction] = []
    answers = _predict_photos(classifier, paths, seen)
    kind = "json" if as_json else output
    try:
        deque(
            _print_table(answers, paths, top) if kind == "table" else _print_records(answers, kind, top, classifier),
            maxlen=0,
        )
    except BrokenPipeError:  # the reader, such as head, needs no more lines; the pictures need all photos
        if grid is not None or explain is not None:
            deque(answers, maxlen=0)
            _draw_pictures(seen, classifier, grid, explain)
        raise
    _draw_pictures(seen, classifier, grid, explain)
    failed = [answer for answer in seen if answer.error is not None]
    if failed:
        first = failed[0]
        say(f"headstart: {len(failed)} of {len(seen)} photos cannot be read, such as '{first.path}': {first.error}.")
        raise SystemExit(1)


def _draw_pictures(answers: list[Prediction], classifier: Classifier, grid: Path | None, explain: Path | None) -> None:
    readable = [answer for answer in answers if answer.error is None]
    if grid is not None:
        _draw_grid(readable[:N_GRID], grid)
    if explain is not None:
        _draw_explanations(readable[:N_EXPLAINED], classifier, explain)


def _predict_photos(classifier: Classifier, paths: list[Path], seen: list[Prediction]) -> Iterator[Prediction]:
    from headstart.process.progress import show_progress

    # on a terminal the table itself shows the progress
    with show_progress("Predicting", is_shown=not sys.stdout.isatty()) as progress:
        for n_done, answer in enumerate(classifier.predict_iter(paths), 1):
            seen.append(answer)
            yield answer
            progress(n_done, len(paths))


def _print_table(answers: Iterator[Prediction], paths: list[Path], top: int) -> Iterator[Prediction]:
    width = max(len(str(path)) for path in paths)
    for answer in answers:
        if answer.error is not None:
            line = f"cannot be read: {answer.error.removeprefix('cannot be read: ')}"
        else:
            line = "  ".join(f"{label} {probability:.1%}" for label, probability in answer.top(top))
        print_line(f"{answer.path!s:<{width}}  {line}")
        yield answer


def _print_records(answers: Iterator[Prediction], kind: str, top: int, classifier: Classifier) -> Iterator[Prediction]:
    if kind == "json":
        everything = list(answers)
        predictions = [_to_record(answer, top) for answer in everything]
        print_json({"schema": 1, "labels": list(classifier.labels), "predictions": predictions})
        yield from everything
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        ["path", "label", "probability", *(f"probability of {label}" for label in classifier.labels), "error"]
    )
    for answer in answers:
        values = ["" if answer.error else f"{answer.probabilities[label]:.6f}" for label in classifier.labels]
        probability = "" if answer.probability is None else f"{answer.probability:.6f}"
        writer.writerow([answer.path, answer.label or "", probability, *values, answer.error or ""])
        yield answer


def _to_record(answer: Prediction, top: int) -> dict[str, Any]:
    return {
        "path": str(answer.path),
        "label": answer.label,
        "probability": answer.probability,
        "top": [{"label": label, "probability": probability} for label, probability in answer.top(top)],
        "error": answer.error,
    }


def _draw_grid(answers: list[Prediction], path: Path) -> None:
    from headstart.pixels.decode import read_thumbnail
    from headstart.report.figure_file import save_png
    from headstart.report.photo_grid import CELL_PX, plot_photo_grid

    if not answers:
        say("No grid was drawn: no photo can be read.")
        return
    titles = [f"{answer.label} {answer.probability:.0%}" for answer in answers]
    n_columns, cell_px = (min(len(answers), 3), CELL_PX) if len(answers) <= 9 else (6, 140)
    thumbnails = [read_thumbnail(answer.path, cell_px) for answer in answers]
    save_png(plot_photo_grid(thumbnails, titles, n_columns=n_columns, cell_px=cell_px), path)
    say(f"Grid: {path}")


def _draw_explanations(answers: list[Prediction], classifier: Classifier, path: Path) -> None:
    from headstart.pixels.decode import read_thumbnail
    from headstart.report.figure_file import save_png
    from headstart.report.heat_overlay import overlay_heat_map
    from headstart.report.photo_grid import plot_photo_grid

    if not answers:
        say("No heat map was drawn: no photo can be read.")
        return
    cell_px = 200
    photos, titles = [], []
    for answer in answers:
        photo = read_thumbnail(answer.path, cell_px)
        photos += [photo, overlay_heat_map(photo, classifier.explain(answer.path, answer.label).heat)]
        titles += [f"{answer.label} {answer.probability:.0%}", "evidence"]
    save_png(plot_photo_grid(photos, titles, n_columns=min(len(photos), 6), cell_px=cell_px), path)
    say(f"Explanations: {path}")
