"""The pictures of ``headstart predict``: a grid of photos with their answers, and heat maps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, cast

from headstart.cli.printing import say
from headstart.errors import RunError
from headstart.evaluation.words import join_labels

if TYPE_CHECKING:
    from headstart.classifier.classifier import Classifier
    from headstart.classifier.prediction import Prediction

N_GRID, N_EXPLAINED = 36, 18


def check_pictures(grid: Path | None, explain: Path | None) -> None:
    """Refuse paths of pictures before any work."""
    from headstart.report.figure_file import check_picture_path

    if grid is not None and explain is not None and grid.resolve() == explain.resolve():
        raise RunError(f"Cannot write figures: --grid and --explain are both '{grid}'. Give two names.", path=grid)
    for picture in (grid, explain):
        if picture is not None:
            check_picture_path(picture)


def draw_pictures(
    predictions: list[Prediction], classifier: Classifier, grid: Path | None, explain: Path | None
) -> None:
    """Draw the pictures that were asked for, of the first photos that can be read."""
    readable = [prediction for prediction in predictions if prediction.error is None]
    if grid is not None:
        _draw_grid(readable[:N_GRID], grid, classifier.metadata.depth)
    if explain is not None:
        _draw_explanations(readable[:N_EXPLAINED], classifier, explain)


def _name_photos(predictions: list[Prediction]) -> list[tuple[Path, str]]:
    """Return each path and its name for a title; names that occur twice get their folders."""
    paths = [cast("Path", prediction.path) for prediction in predictions]
    counts = Counter(path.name for path in paths)
    return [(path, path.name if counts[path.name] == 1 else f"{path.parent.name}/{path.name}") for path in paths]


def write_title(prediction: Prediction, name: str) -> str:
    """Return the title of a photo: its label and probability, its label set, or none of these; and its name.

    A star marks the answer of a decision.
    """
    answer = f"{prediction.label} {prediction.probability:.0%}{'*' if prediction.decided_by else ''}"
    if not prediction.is_known:
        answer = f"{prediction.answer} ({answer})"
    elif prediction.label_set is not None and len(prediction.label_set) > 1:
        answer = join_labels(prediction.label_set)
    return f"{answer}\n{name}"


def _draw_grid(predictions: list[Prediction], path: Path, depth: int) -> None:
    from headstart.pixels.decode import read_thumbnail
    from headstart.report.figure_file import save_png
    from headstart.report.photo_grid import CELL_PX, plot_photo_grid

    if not predictions:
        say("No grid was drawn: no photo can be read.")
        return
    named = _name_photos(predictions)
    titles = [write_title(prediction, name) for prediction, (_, name) in zip(predictions, named, strict=True)]
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
        titles += [
            write_title(prediction, name),
            "evidence" if prediction.is_known else f"evidence: {prediction.label}",
        ]
    save_png(plot_photo_grid(photos, titles, n_columns=min(len(photos), 6), cell_px=cell_px), path)
    say(f"Explanations: {path}")
    _explain_stars(predictions)


def _explain_stars(predictions: list[Prediction]) -> None:
    reasons = sorted({prediction.decided_by for prediction in predictions if prediction.decided_by is not None})
    if reasons:
        say(f"* not the most probable class, but the answer {'; or '.join(reasons)}.")
