"""The pictures of a run: which photos are shown, and under which titles."""

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
from headstart.methods.method_runner import TrainedMethod
from headstart.methods.split_metrics import SplitPredictions
from headstart.methods.tail_tuning import list_tuning_views
from headstart.pixels.decode import read_photo, read_thumbnail
from headstart.pixels.views import SYMMETRIES, View, draw_view, render_view
from headstart.report.figure_file import save_png
from headstart.report.figure_style import ACCENT, DARK
from headstart.report.heat_overlay import overlay_heat_map
from headstart.report.inline_image import InlineImage, inline_image
from headstart.report.page import ReportFigure
from headstart.report.photo_grid import CELL_PX, plot_photo_grid

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

    def add(self, name: str, image: Image.Image | Callable[[], Image.Image], caption: str) -> None:
        """Save an image as ``NAME.png``; one that takes a while may be drawn in the background, too."""
        self._added[name] = (caption, self._pool.submit(_save, image, self._folder / f"{name}.png"))

    def collect(self) -> dict[str, ReportFigure]:
        """Wait until all are saved, and return them for the report, in the order of adding.

        Raises
        ------
        RunError
            If one cannot be written.
        """
        return {name: ReportFigure(caption, saved.result()) for name, (caption, saved) in self._added.items()}


def draw_answers(
    pictures: PictureFolder, predictions: SplitPredictions, *, split: str, labels: Sequence[str], seed: int,
    explainer: Explainer | None = None,
) -> None:  # fmt: skip
    """Draw nine photos of a split with their predictions, and the most confident mistakes.

    Parameters
    ----------
    explainer
        Of the classifier that predicted: what in the mistakes spoke for the wrong answer is drawn, too.
    """
    photos, confidence = predictions.features.photos, predictions.probabilities.max(1)
    at = _pick(len(photos), seed)
    titles = [f"Prediction: {labels[predictions.predicted[i]]} ({bool(predictions.is_right[i])})" for i in at]
    colours = [DARK if predictions.is_right[i] else ACCENT for i in at]
    figure = plot_photo_grid([_show(photos[i]) for i in at], titles, colours=colours)
    wrong = np.flatnonzero(~predictions.is_right)
    caption = f"Photos of the {split} split, drawn at random, and what was predicted."
    pictures.add("predictions", figure, caption if len(wrong) else f"{caption} In the whole split there is no mistake.")
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:GRID]
    if len(worst):
        titles = [
            f"Prediction: {labels[predictions.predicted[i]]} {confidence[i]:.0%}\nLabel: {photos[i].label}"
            for i in worst
        ]
        figure = plot_photo_grid([_show(photos[i]) for i in worst], titles, colours=[ACCENT] * len(worst))
        names = ", ".join(str(Path(photos[i].label, photos[i].path.name)) for i in worst)
        caption = f"The most confident mistakes. Look here first: some may be wrong labels. In this order: {names}."
        if explainer is not None and not explainer.is_able:
            caption += " What in them spoke for the answer cannot be shown: the features are no means over the photo."
        pictures.add("mistakes", figure, caption)
        if explainer is not None and explainer.is_able:
            why = partial(_draw_why, explainer, [(photos[i], labels[predictions.predicted[i]]) for i in worst])
            caption = "What in the same photos spoke for the wrong answer: the brighter, the more."
            pictures.add("mistakes_explained", why, caption)


def _draw_why(explainer: Explainer, answers: Sequence[tuple[Photo, str]]) -> Image.Image:
    """Draw photos under what in them speaks for an answer."""
    shown = []
    for photo, label in answers:
        try:
            shown.append(overlay_heat_map(_show(photo), explainer.explain(photo.path, label, digest=photo.digest).heat))
        except PhotoError:  # as in `_show`
            shown.append(_show(photo))
    return plot_photo_grid(shown, [f"For {label}" for _, label in answers], colours=[ACCENT] * len(shown))


def list_training_views(trained: TrainedMethod) -> tuple[View, ...] | None:
    """Return the views that training saw of every photo.

    Returns
    -------
    None if each photo had random ones of its own; none at all if photos were changed anew in every epoch.
    """
    settings = trained.settings
    if trained.cut == PIXELS_CUT:
        return ()
    if trained.tuned is None:
        return SYMMETRIES[: trained.table.n_averaged] if settings.average_views else None
    if settings.average_views or settings.n_views is None:
        return SYMMETRIES[: trained.tuned.n_views]  # `auto` may have dropped the average, and not what was trained on
    return list_tuning_views(settings, trained.cut)


def draw_training_photos(
    pictures: PictureFolder, photos: Sequence[Photo], *, seed: int, n_views: int,
    views: Sequence[View] | None = None, n_symmetric: int = 1,
) -> None:  # fmt: skip
    """Draw nine training photos with their labels, and what training saw of one of them.

    Parameters
    ----------
    n_views
        Of each photo that were trained on.
    views
        As `list_training_views`.
    n_symmetric
        Where photos were changed anew: as `augment_pixels`.
    """
    shown = [photos[i] for i in _pick(len(photos), seed)]
    figure = plot_photo_grid([_show(photo) for photo in shown], [photo.label for photo in shown])
    pictures.add("training_photos", figure, "Training photos, drawn at random, with their labels. Is each one right?")
    photo = shown[0]
    square = _show_square(photo)
    if views is not None and not views:
        seen, titles = _change_anew(square, seed, n_symmetric), ["as it is", *["changed"] * (GRID - 1)]
        caption = (
            "One training photo and random changes of it. Every epoch changed every photo anew, so none was seen twice "
            "in the same way."
        )
    else:
        used = [draw_view(photo.digest, v, seed) for v in range(GRID)] if views is None else views[:GRID]
        seen, titles = [render_view(square, view) for view in used], [_name_view(view) for view in used]
        caption = _write_views_caption(n_views, is_random=views is None)
    pictures.add("views", plot_photo_grid(seen, titles), caption)


def _write_views_caption(n_views: int, *, is_random: bool) -> str:
    if not is_random:
        if n_views == 1:
            return "One training photo, as it is: this training saw no other view of it."
        first = f" These are the first {GRID}." if n_views > GRID else ""
        return f"One training photo in the {n_views} views in which this training saw every photo.{first}"
    use = f"This training used {n_views} views of each photo." if n_views > 1 else "This training used none of them."
    return f"What --views does: one training photo, flipped and rotated at random. {use}"


def _name_view(view: View) -> str:
    turn = f"{360 * view.turns:+.0f}°" if view.turns else ""
    return ", ".join(filter(None, ("flipped" if view.is_flipped else "", turn))) or "as it is"


def _change_anew(square: npt.NDArray[np.uint8], seed: int, n_symmetric: int) -> list[npt.NDArray[np.uint8]]:
    """Return a photo, and random changes of it as training above ``pixels`` makes them."""
    import torch

    from headstart.tune.augmentation import augment_pixels

    copies = torch.from_numpy(np.stack([square] * (GRID - 1)))
    changed = augment_pixels(copies, np.random.default_rng(seed), n_symmetric=n_symmetric)
    return [square, *changed.numpy().round().astype(np.uint8)]


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


def _save(image: Image.Image | Callable[[], Image.Image], path: Path) -> InlineImage:
    image = image() if callable(image) else image
    return inline_image(image, save_png(image, path))
