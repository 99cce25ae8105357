"""Class scores of photos by heads that were fitted without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo


@dataclass(frozen=True, eq=False, kw_only=True)
class OutOfFold:
    """Class scores of N photos, each by a head that was fitted without the photo and its group.

    Attributes
    ----------
    y
        (N,) class numbers.
    scores
        (N, C) float32. Their softmax are probabilities.
    is_validation
        Whether these are the validation photos. Above a cut they chose the epoch, so their scores are slightly too
        good. If not, they are the training and validation photos, or those of all splits.
    """

    photos: tuple[Photo, ...]
    y: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    is_validation: bool
