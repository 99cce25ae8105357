"""Measures of a photo's pixels: brightness, contrast, sharpness and border. They are made while photos are decoded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from headstart.pixels.resizing import Pixels

MEASURING_RULES = 1  # counts up when the same pixels give other measures
_PERIOD, _BAND = 24, 8  # rows: a third of the rows is measured, in less than half of the time
_RED, _GREEN, _BLUE = np.uint16(77), np.uint16(150), np.uint16(29)  # ITU-R BT.601, in 256ths
_LUMA = np.array([_RED, _GREEN, _BLUE], np.int32)
_LEVELS = np.arange(256)


class PhotoMeasures(NamedTuple):
    """Measures of one photo in grey; all in levels of 0 to 255.

    Attributes
    ----------
    darkest, brightest
        1st and 99th percentile.
    sharpness
        Variance of the Laplacian with 4 neighbours, in levels squared.
    mean
        Mean.
    border_mean, border_sd
        Mean and standard deviation of the outermost pixels.
    side_mean, side_sd
        The same of the most uniform of the four sides.
    """

    darkest: float
    brightest: float
    sharpness: float
    mean: float
    border_mean: float
    border_sd: float
    side_mean: float
    side_sd: float


N_MEASURES = len(PhotoMeasures._fields)


def measure_photo(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Measure a photo (H, W, 3) uint8 at the size of the network's input, at least 24 by 3; takes about 0.07 ms.

    Returns
    -------
    (8,) float32, in the order of `PhotoMeasures`. All but the border is measured on bands of 8 in 24 rows.
    """
    grey = _convert_bands(pixels)
    counts = np.bincount(grey[:, ::2].ravel(), minlength=256)
    below = counts.cumsum()
    darkest, brightest = below.searchsorted((0.01 * below[-1], 0.99 * below[-1]))
    mean = (counts @ _LEVELS) / below[-1]
    return np.array((darkest, brightest, _measure_sharpness(grey), mean, *_measure_border(pixels)), np.float32)


def take_measure(measures: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float64]:
    """Return one measure of N photos as (N,), such as ``"border_mean"``, from all of them (N, 8)."""
    return measures[:, PhotoMeasures._fields.index(name)].astype(np.float64)


def _convert_bands(pixels: Pixels) -> npt.NDArray[np.uint16]:
    """Return the bands in grey, (n, 8, W)."""
    height, width, _ = pixels.shape
    n_bands = height // _PERIOD
    bands = pixels[: n_bands * _PERIOD].reshape(n_bands, _PERIOD, width, 3)[:, :_BAND]
    grey = np.multiply(bands[..., 1], _GREEN, dtype=np.uint16)  # the sum of the weights is 256: 16 bits are enough
    grey += np.multiply(bands[..., 0], _RED, dtype=np.uint16)
    grey += np.multiply(bands[..., 2], _BLUE, dtype=np.uint16)
    grey >>= 8
    return grey


def _measure_sharpness(grey: npt.NDArray[np.uint16]) -> float:
    """Return the variance of the Laplacian inside the bands."""
    n_bands, height, width = grey.shape
    rows = grey.view(np.int16).reshape(n_bands, -1)  # long rows are three times as fast
    laplacian = rows[:, width:-width] << 2
    laplacian -= rows[:, : -2 * width]
    laplacian -= rows[:, 2 * width :]
    laplacian -= rows[:, width - 1 : -width - 1]
    laplacian -= rows[:, width + 1 : -width + 1]
    inside = laplacian.reshape(n_bands, height - 2, width)[:, :, 1:-1]  # the first and last columns are mixed
    values = inside.astype(np.float32).ravel()
    mean = float(values.sum()) / values.size
    return float(np.einsum("i,i->", values, values)) / values.size - mean**2  # np.dot would start threads of BLAS


def _measure_border(pixels: Pixels) -> tuple[float, float, float, float]:
    """Return mean and standard deviation of the border, and of its most uniform side."""
    height, width, _ = pixels.shape
    grey = (np.concatenate((pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])) @ _LUMA) >> 8
    starts = (0, width, 2 * width, 2 * width + height)
    sums = np.stack((np.add.reduceat(grey, starts), np.add.reduceat(grey * grey, starts)))
    means, squares = np.column_stack((sums, sums.sum(axis=1))) / (width, width, height, height, len(grey))
    deviations = np.sqrt(np.maximum(squares - means**2, 0.0))
    flattest = deviations[:4].argmin()
    return means[4], deviations[4], means[flattest], deviations[flattest]
