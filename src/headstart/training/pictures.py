"""The pictures of a run: which photos are shown, and under which titles."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.catalog.table import Photo
from headstart.errors import PhotoError
from headstart.evaluation.figure_file import save_png
from headstart.evaluation.ink import ACCENT, INK
from headstart.evaluation.inline_image import InlineImage, inline_image
from headstart.evaluation.photo_grid import CELL_PX, plot_photo_grid
from headstart.evaluation.report import Figured
from headstart.pixels.decode import read_photo, read_thumbnail
from headstart.pixels.views import draw_view, render_view
from headstart.training.judging import Judged

if TYPE_CHECKING:
    from PIL import Image

GRID = 9  # 3 x 3, as in the tutorial


class PictureFolder:
    """The folder ``figures/``: what is added is encoded in the background, for the folder and for the report."""

    def __init__(self, folder: Path, pool: Executor) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._pool = pool
        self._added: dict[str, tuple[str, Future[InlineImage]]] = {}

    def add(self, name: str, image: Image.Image, caption: str) -> None:
        """Save an image as ``NAME.png``."""
        self._added[name] = (caption, self._pool.submit(_save, image, self._folder / f"{name}.png"))

    def collect(self) -> dict[str, Figured]:
        """Wait until all are saved, and return them for the report, in the order of adding.

        Raises
        ------
        RunError
            If one cannot be written.
        """
        return {name: Figured(caption, saved.result()) for name, (caption, saved) in self._added.items()}


def draw_answers(pictures: PictureFolder, split: str, judged: Judged, labels: Sequence[str], seed: int) -> None:
    """Draw nine photos of a split with their predictions, and the most confident mistakes."""
    photos, confidence = judged.rows.photos, judged.probabilities.max(1)
    at = _pick(len(photos), seed)
    titles = [f"Prediction: {labels[judged.predicted[i]]} ({bool(judged.is_right[i])})" for i in at]
    colours = [INK if judged.is_right[i] else ACCENT for i in at]
    figure = plot_photo_grid([_show(photos[i]) for i in at], titles, colours=colours)
    wrong = np.flatnonzero(~judged.is_right)
    caption = f"Photos of the {split} split, drawn at random, and what was predicted."
    pictures.add("predictions", figure, caption if len(wrong) else f"{caption} In the whole split there is no mistake.")
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:GRID]
    if len(worst):
        titles = [
            f"Prediction: {labels[judged.predicted[i]]} {confidence[i]:.0%}\nLabel: {photos[i].label}" for i in worst
        ]
        figure = plot_photo_grid([_show(photos[i]) for i in worst], titles, colours=[ACCENT] * len(worst))
        names = ", ".join(str(Path(photos[i].label, photos[i].path.name)) for i in worst)
        caption = f"The most confident mistakes. Look here first: some may be wrong labels. In this order: {names}."
        pictures.add("mistakes", figure, caption)


def draw_training_photos(pictures: PictureFolder, photos: Sequence[Photo], seed: int, n_views: int) -> None:
    """Draw nine training photos with their labels, and nine views of one of them."""
    shown = [photos[i] for i in _pick(len(photos), seed)]
    figure = plot_photo_grid([_show(photo) for photo in shown], [photo.label for photo in shown])
    pictures.add("training_photos", figure, "Training photos, drawn at random, with their labels. Is each one right?")
    photo = shown[0]
    views = [draw_view(photo.digest, v, seed) for v in range(GRID)]
    titles = ["as it is", *(f"{'flipped, ' if view.is_flipped else ''}{360 * view.turns:+.0f}°" for view in views[1:])]
    square = _show_square(photo)
    use = f"This training used {n_views} views of each photo." if n_views > 1 else "This training used none of them."
    caption = f"What --views does: one training photo, flipped and rotated at random. {use}"
    pictures.add("views", plot_photo_grid([render_view(square, view) for view in views], titles), caption)


def _pick(n_photos: int, seed: int) -> list[int]:
    return [int(i) for i in np.random.default_rng(seed).permutation(n_photos)[:GRID]]


def _show(photo: Photo) -> npt.NDArray[np.uint8]:
    try:
        return read_thumbnail(photo.path, CELL_PX)
    except PhotoError:  # it was there a minute ago: a gap in a picture, not a lost training
        return np.full((CELL_PX, CELL_PX, 3), 230, np.uint8)


def _show_square(photo: Photo) -> npt.NDArray[np.uint8]:
    try:
        return read_photo(photo.path, CELL_PX)
    except PhotoError:
        return np.full((CELL_PX, CELL_PX, 3), 230, np.uint8)


def _save(image: Image.Image, path: Path) -> InlineImage:
    return inline_image(image, save_png(image, path))
