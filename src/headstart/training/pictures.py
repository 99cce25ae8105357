"""The pictures of a run: which photos are shown, and under which titles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.table import Photo
from headstart.errors import PhotoError
from headstart.evaluation.figure_file import save_figure
from headstart.evaluation.history_figure import plot_history
from headstart.evaluation.matrix_figure import plot_confusion_matrix
from headstart.evaluation.per_class_figure import plot_per_class
from headstart.evaluation.photo_grid import plot_photo_grid
from headstart.evaluation.reliability_figure import plot_reliability
from headstart.head.history import Epoch
from headstart.pixels.decode import read_photo, read_thumbnail
from headstart.pixels.views import draw_view, render_view
from headstart.training.judging import Judged

GRID = 9  # 3 x 3, as in the tutorial
THUMBNAIL_PX = 240


def pick_photos(photos: Sequence[Photo], seed: int, n: int = GRID) -> list[int]:
    """Pick the positions of ``n`` photos at random, fixed by the seed."""
    order = np.random.default_rng(seed).permutation(len(photos))
    return [int(i) for i in order[:n]]


def draw_photo_pictures(
    folder: Path, train: Sequence[Photo], judged: Judged, labels: Sequence[str], *, seed: int, n_views: int
) -> dict[str, str]:
    """Draw the pictures that show photos into ``folder``, and return their captions by file name.

    ``judged`` is the split whose predictions are shown, with its name left to the caller.
    """
    captions = {}
    shown = [train[i] for i in pick_photos(train, seed)]
    _draw_grid(folder / "training_photos.png", shown, [photo.label for photo in shown])
    captions["training_photos.png"] = "Nine training photos with their labels. Is each label right?"
    use = f"This training used {n_views} views of each photo." if n_views > 1 else "This training used none (--views)."
    _draw_views(folder / "views.png", shown[0], seed)
    captions["views.png"] = f"One training photo and eight random views of it, flipped and rotated. {use}"
    if not judged.rows.photos:
        return captions
    at = pick_photos(judged.rows.photos, seed)
    _draw_grid(folder / "predictions.png", [judged.rows.photos[i] for i in at], *_title(judged, at, labels))
    captions["predictions.png"] = "Nine photos that were not trained on, and what the classifier says of them."
    confidence = judged.probabilities.max(1)
    wrong = np.flatnonzero(~judged.is_right)
    worst = [int(i) for i in wrong[np.argsort(-confidence[wrong], kind="stable")][:GRID]]
    if worst:
        titles, colours = _title(judged, worst, labels, is_naming_truth=True)
        _draw_grid(folder / "mistakes.png", [judged.rows.photos[i] for i in worst], titles, colours)
        captions["mistakes.png"] = "The most confident mistakes. Some may be wrong labels: look at them first."
    return captions


def draw_metric_pictures(folder: Path, history: Sequence[Epoch], metrics: dict[str, Any], head: str) -> dict[str, str]:
    """Draw the curves and the pictures of one split's metrics, and return their captions by file name."""
    captions = {}
    rows = [(epoch.data, epoch.epoch, epoch.accuracy, epoch.loss) for epoch in history]
    save_figure(plot_history(rows), folder / "history.png")
    epochs = "solver iterations" if head == "logistic" else "passes over the training photos"
    captions["history.png"] = f"Accuracy and loss by epoch; epochs are {epochs} here."
    save_figure(
        plot_confusion_matrix(metrics["confusion_matrix"], list(metrics["per_class"])), folder / "confusion.png"
    )
    captions["confusion.png"] = "What was taken for what: rows are the true labels, columns the predictions."
    save_figure(plot_per_class(metrics["per_class"]), folder / "per_class.png")
    captions["per_class.png"] = "How many photos of each class were found (recall), with its 95% interval."
    bins, error = metrics["calibration_bins"], metrics["expected_calibration_error"]
    save_figure(plot_reliability(bins, error), folder / "reliability.png")
    captions["reliability.png"] = "When it says 90%, is it right nine times in ten? On the diagonal it is."
    return captions


def _title(
    judged: Judged, at: Sequence[int], labels: Sequence[str], *, is_naming_truth: bool = False
) -> tuple[list[str], list[bool]]:
    titles = []
    for i in at:
        prediction, is_right = labels[judged.predicted[i]], bool(judged.is_right[i])
        title = f"Prediction: {prediction} ({is_right})"
        if is_naming_truth:
            title = (
                f"Prediction: {prediction} ({judged.probabilities[i].max():.0%})\nLabel: {judged.rows.photos[i].label}"
            )
        titles.append(title)
    return titles, [bool(judged.is_right[i]) for i in at]


def _draw_grid(
    path: Path, photos: Sequence[Photo], titles: Sequence[str], is_right: Sequence[bool] | None = None
) -> None:
    pixels = [_show(photo) for photo in photos]
    save_figure(plot_photo_grid(pixels, titles, is_right=is_right), path)


def _show(photo: Photo) -> npt.NDArray[np.uint8]:
    try:
        return read_thumbnail(photo.path, THUMBNAIL_PX)
    except PhotoError:  # it was there a minute ago: a gap in a picture, not a lost training
        return np.full((THUMBNAIL_PX, THUMBNAIL_PX, 3), 230, np.uint8)


def _draw_views(path: Path, photo: Photo, seed: int) -> None:
    try:
        pixels = read_photo(photo.path, THUMBNAIL_PX)
    except PhotoError:
        pixels = _show(photo)
    views = [draw_view(photo.digest, v, seed) for v in range(GRID)]
    titles = ["as it is", *(f"{'flipped, ' if view.is_flipped else ''}{360 * view.turns:+.0f}°" for view in views[1:])]
    save_figure(plot_photo_grid([render_view(pixels, view) for view in views], titles), path)
