"""Draw the pictures of a run: choose photos, and write titles and captions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.backbone.spec import PIXELS_CUT
from headstart.catalog.photo import Photo
from headstart.classifier.heat_maps import Explainer
from headstart.errors import PhotoError
from headstart.methods.split_metrics import SplitPredictions
from headstart.methods.tail_tuning import list_tuning_views
from headstart.methods.trained_method import TrainedMethod
from headstart.pixels.decode import read_photo, read_thumbnail
from headstart.pixels.views import SYMMETRIES, View, draw_view, render_view
from headstart.report.figure_file import InlineImage, inline_image, save_png
from headstart.report.figure_style import ACCENT, DARK
from headstart.report.heat_overlay import overlay_heat_map
from headstart.report.page import ReportFigure
from headstart.report.photo_grid import CELL_PX, plot_photo_grid

if TYPE_CHECKING:
    from PIL import Image

GRID = 9  # photos in a picture: 3 x 3


class PictureFolder:
    """The folder ``figures/``: encodes added images in the background, for the folder and for the report."""

    def __init__(self, folder: Path, pool: Executor) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._pool = pool
        self._added: dict[str, tuple[str, Future[InlineImage]]] = {}

    def add(self, name: str, image: Image.Image | Callable[[], Image.Image], caption: str) -> None:
        """Save an image as ``NAME.png`` in the background; a function is called there to draw the image."""
        self._added[name] = (caption, self._pool.submit(_save, image, self._folder / f"{name}.png"))

    def collect(self) -> dict[str, ReportFigure]:
        """Wait until all images are saved, and return them for the report, in the order of `add`.

        Raises
        ------
        RunError
            If one cannot be written.
        """
        return {name: ReportFigure(caption, saved.result()) for name, (caption, saved) in self._added.items()}


def draw_answers(
    pictures: PictureFolder, predictions: SplitPredictions, *, split: str, labels: Sequence[str], seed: int,
    depth: int = 16, explainer: Explainer | None = None,
) -> None:  # fmt: skip
    """Draw nine photos of a split with their predictions, and the most confident mistakes.

    Parameters
    ----------
    depth
        As for `read_thumbnail`.
    explainer
        Makes heat maps for the classifier. Default: no heat maps of the mistakes.
    """
    photos, confidence = predictions.features.photos, predictions.probabilities.max(1)
    at = _sample(len(photos), seed)
    titles = [f"Prediction: {labels[predictions.predicted[i]]} ({bool(predictions.is_right[i])})" for i in at]
    colours = [DARK if predictions.is_right[i] else ACCENT for i in at]
    figure = plot_photo_grid([read_for_grid(photos[i], depth) for i in at], titles, colours=colours)
    wrong = np.flatnonzero(~predictions.is_right)
    caption = f"Random photos of the {split} split, with their predictions."
    pictures.add("predictions", figure, caption if len(wrong) else f"{caption} The split has no mistake.")
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:GRID]
    if len(worst):
        titles = [
            f"Prediction: {labels[predictions.predicted[i]]} {confidence[i]:.0%}\nLabel: {photos[i].label}"
            for i in worst
        ]
        figure = plot_photo_grid(
            [read_for_grid(photos[i], depth) for i in worst], titles, colours=[ACCENT] * len(worst)
        )
        names = ", ".join(str(Path(photos[i].label, photos[i].path.name)) for i in worst)
        caption = f"The most confident mistakes. Check their labels first: some may be wrong. In this order: {names}."
        if explainer is not None and not explainer.can_explain:
            caption += " There are no heat maps for them: the features are not means over the photo."
        pictures.add("mistakes", figure, caption)
        if explainer is not None and explainer.can_explain:
            answers = [(photos[i], labels[predictions.predicted[i]]) for i in worst]
            draw = partial(_draw_heat_maps, explainer, answers, depth)
            caption = "Heat maps of the same photos: brighter areas are stronger evidence for the wrong answer."
            pictures.add("mistakes_explained", draw, caption)


def _draw_heat_maps(explainer: Explainer, answers: Sequence[tuple[Photo, str]], depth: int) -> Image.Image:
    """Draw photos with heat maps of the evidence for an answer."""
    shown = []
    for photo, label in answers:
        try:
            heat = explainer.explain(photo.path, label, digest=photo.digest).heat
            shown.append(overlay_heat_map(read_for_grid(photo, depth), heat))
        except PhotoError:  # as in `read_for_grid`
            shown.append(read_for_grid(photo, depth))
    return plot_photo_grid(shown, [f"For {label}" for _, label in answers], colours=[ACCENT] * len(shown))


def list_training_views(trained: TrainedMethod) -> tuple[View, ...] | None:
    """Return the views of every photo that training used.

    Returns
    -------
    None if each photo had its own random views; an empty tuple if every epoch augmented every photo anew.
    """
    settings = trained.settings
    if trained.cut == PIXELS_CUT:
        return ()
    if trained.tuned is None:
        return SYMMETRIES[: trained.table.n_averaged] if settings.average_views else None
    if trained.tuned.n_symmetric > 1:  # of the training: `auto` may drop the average afterwards
        return SYMMETRIES[: trained.tuned.n_symmetric]
    return tuple(view.choose("") for view in list_tuning_views(settings, trained.cut))


def draw_training_photos(
    pictures: PictureFolder, photos: Sequence[Photo], *, seed: int, n_views: int, depth: int = 16,
    views: Sequence[View] | None = None, n_symmetric: int = 1,
) -> None:  # fmt: skip
    """Draw nine training photos with their labels, and the views of one of them.

    Parameters
    ----------
    n_views
        Number of views of each photo in training.
    depth
        As for `read_thumbnail`.
    views
        Views as `list_training_views` returns them.
    n_symmetric
        Number of symmetries of `augment_pixels`, if every epoch augmented every photo anew.
    """
    shown = [photos[i] for i in _sample(len(photos), seed)]
    figure = plot_photo_grid([read_for_grid(photo, depth) for photo in shown], [photo.label for photo in shown])
    pictures.add("training_photos", figure, "Random training photos with their labels. Is each label right?")
    photo = shown[0]
    square = read_for_grid(photo, depth, is_square=True)
    if views is not None and not views:
        seen, titles = _augment(square, seed, n_symmetric), ["original", *["augmented"] * (GRID - 1)]
        caption = (
            "One training photo and random augmentations of it. Every epoch augmented every photo anew, so that no "
            "view was used twice."
        )
    else:
        used = [draw_view(photo.digest, v, seed) for v in range(GRID)] if views is None else views[:GRID]
        seen, titles = [render_view(square, view) for view in used], [_name_view(view) for view in used]
        caption = _write_random_caption(n_views) if views is None else _write_fixed_caption(n_views, len(views))
    pictures.add("views", plot_photo_grid(seen, titles), caption)


def _write_fixed_caption(n_views: int, n_all: int) -> str:
    """Describe the views of a training that used ``n_views`` of ``n_all`` views of each photo."""
    if n_all == 1:
        return "One training photo, unchanged: this training used no other view."
    first = f" The picture shows the first {GRID}." if n_all > GRID else ""
    used = f"{n_views} of them of each photo" if n_views < n_all else "all of every photo"
    return f"One training photo in the {n_all} views that this training used, {used}.{first}"


def _write_random_caption(n_views: int) -> str:
    use = (
        f"This training used {n_views} views of each photo."
        if n_views > 1
        else "This training used only the original photo."
    )
    return f"The effect of --views: one training photo, flipped and rotated at random. {use}"


def _name_view(view: View) -> str:
    turn = f"{360 * view.turns:+.0f}°" if view.turns else ""
    return ", ".join(filter(None, ("flipped" if view.is_flipped else "", turn))) or "original"


def _augment(square: npt.NDArray[np.uint8], seed: int, n_symmetric: int) -> list[npt.NDArray[np.uint8]]:
    """Return a photo and random augmentations of it, as training with the cut ``pixels`` makes them."""
    import torch

    from headstart.tune.augmentation import augment_pixels

    copies = torch.from_numpy(np.stack([square] * (GRID - 1)))
    changed = augment_pixels(copies, np.random.default_rng(seed), n_symmetric=n_symmetric)
    return [square, *changed.numpy().round().astype(np.uint8)]


def _sample(n_photos: int, seed: int) -> list[int]:
    return [int(i) for i in np.random.default_rng(seed).permutation(n_photos)[:GRID]]


def read_for_grid(photo: Photo, depth: int, *, is_square: bool = False) -> npt.NDArray[np.uint8]:
    """Read a photo for a grid: in its own proportions, or stretched to a square."""
    try:
        read = read_photo if is_square else read_thumbnail
        return read(photo.path, CELL_PX, depth=depth)
    except PhotoError:  # deleted since the scan: show a grey square, do not stop the training
        return np.full((CELL_PX, CELL_PX, 3), 230, np.uint8)


def _save(image: Image.Image | Callable[[], Image.Image], path: Path) -> InlineImage:
    image = image() if callable(image) else image
    return inline_image(image, save_png(image, path))
