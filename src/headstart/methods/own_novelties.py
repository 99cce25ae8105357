"""The novelties of the photos that a classifier was fitted to, each by a test that was fitted without the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo


@dataclass(frozen=True, eq=False)
class OwnNovelties:
    """Novelties of N photos.

    Attributes
    ----------
    photos
        N photos: all, or a random part of many.
    novelties
        (N,) float32.
    units
        (N,) names of photos that count as one: groups and near copies. None: each photo alone.
    """

    photos: tuple[Photo, ...]
    novelties: npt.NDArray[np.float32]
    units: list[str] | None
