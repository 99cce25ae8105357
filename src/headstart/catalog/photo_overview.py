"""A picture of nine photos with their labels."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.errors import CatalogError, PhotoError
from headstart.pixels.decode import read_thumbnail
from headstart.report.photo_grid import CELL_PX, plot_photo_grid

if TYPE_CHECKING:
    from PIL import Image

    from headstart.catalog.photo import Photo

N_SHOWN = 9


def plot_training_photos(photos: Sequence[Photo], seed: int) -> Image.Image:
    """Draw nine photos, or all if there are fewer, with their labels.

    The seed decides which. A photo that cannot be decoded is replaced by another; CatalogError is raised if none can.
    """
    order = sorted(photos, key=lambda photo: photo.digest)
    random.Random(seed).shuffle(order)  # noqa: S311  # not for cryptography
    shown: list[npt.NDArray[np.uint8]] = []
    titles = []
    for photo in order:
        with suppress(PhotoError):
            shown.append(read_thumbnail(photo.path, CELL_PX))
            titles.append(photo.label)
        if len(shown) == N_SHOWN:
            break
    if not shown:
        raise CatalogError(
            f"Cannot plot photos: got none that can be decoded among {len(photos):,} for training, need 1. "
            "Check the files."
        )
    return plot_photo_grid(shown, titles)
