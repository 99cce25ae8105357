"""A large decoded image whose columns become RGB when they are needed, so that there is no second copy of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.pixels.colours import FULL_RANGE, convert_to_rgb
from headstart.pixels.sample_values import SampleRange

if TYPE_CHECKING:
    from PIL import Image


class ImageColumns:
    """Looks like RGB pixels, (H, W, 3) uint8, of which whole columns can be read: ``columns[:, left:right]``."""

    def __init__(self, image: Image.Image, samples: SampleRange = FULL_RANGE) -> None:
        self._image, self._samples = image, samples
        self.shape = (image.height, image.width, 3)
        self.nbytes = 3 * image.height * image.width

    def __getitem__(self, index: tuple[slice, slice]) -> npt.NDArray[np.uint8]:
        left, right, _ = index[1].indices(self.shape[1])
        return np.asarray(convert_to_rgb(self._image.crop((left, 0, right, self.shape[0])), self._samples))
