"""Measures of a photo's pixels: brightness, contrast, sharpness and border. They are made while photos are decoded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from headstart.pixels.resizing import Pixels

MEASURING_RULES = 3  # counts up when the same pixels give other measures
# Parts of a photo give the same findings as all pixels. Photos are measured many at once: each of some forty calls of
# numpy takes a microsecond alone, and several while other threads decode.
_PERIOD, _BAND = 24, 4  # rows: the sharpness is measured on bands of 4 in 24
_STEP = 7  # rows and columns: the brightness is measured on a grid
_RED, _GREEN, _BLUE = np.uint16(77), np.uint16(150), np.uint16(29)  # ITU-R BT.601, in 256ths


class PhotoMeasures(NamedTuple):
    """Measures of one photo in grey; all in levels of 0 to 255.

    Attributes
    ----------
    darkest, brightest
        1st and 99th percentile.
    sharpness
        Variance of the Laplacian with 4 neighbours, in levels squared; its mean is taken for 0.
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
    """Measure a photo (S, S, 3) uint8 at the size of the network's input, S at least 24.

    Returns
    -------
    (8,) float32, in the order of `PhotoMeasures`.
    """
    measures: npt.NDArray[np.float32] = measure_samples([sample_photo(pixels)], len(pixels))[0]
    return measures


def sample_photo(pixels: Pixels) -> Pixels:
    """Return the pixels of a photo (S, S, 3) that are measured, (P, 3): bands of rows, the four sides, and a grid."""
    size = len(pixels)
    n_bands, middle = size // _PERIOD, (_PERIOD - _BAND) // 2
    bands = pixels[: n_bands * _PERIOD].reshape(n_bands, _PERIOD, size, 3)[:, middle : middle + _BAND]
    grid = pixels[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP]
    parts = bands, pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1], grid
    return np.concatenate([part.reshape(-1, 3) for part in parts])


def measure_samples(samples: Sequence[Pixels], size_px: int) -> npt.NDArray[np.float32]:
    """Measure N photos of size S by the samples of their pixels; takes about 0.02 ms a photo.

    The sums are exact, so that the measures of a photo do not depend on the others.

    Returns
    -------
    (N, 8) float32, in the order of `PhotoMeasures`.
    """
    pixels = np.stack(samples)
    grey = np.multiply(pixels[..., 1], _GREEN, dtype=np.uint16)  # the sum of the weights is 256: 16 bits are enough
    grey += np.multiply(pixels[..., 0], _RED, dtype=np.uint16)
    grey += np.multiply(pixels[..., 2], _BLUE, dtype=np.uint16)
    grey >>= 8
    end = size_px // _PERIOD * _BAND * size_px
    bands, sides, grid = grey[:, :end], grey[:, end : end + 4 * size_px], grey[:, end + 4 * size_px :]
    brightness = _measure_brightness(grid)
    measures = np.empty((len(pixels), N_MEASURES), np.float32)
    measures[:, :2], measures[:, 3] = brightness[:2].T, brightness[2]
    measures[:, 2] = _measure_sharpness(bands.reshape(len(pixels), -1, size_px))
    measures[:, 4:] = _measure_border(sides.reshape(len(pixels), 4, size_px)).T
    return measures


def take_measure(measures: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float64]:
    """Return one measure of N photos as (N,), such as ``"border_mean"``, from all of them (N, 8)."""
    return measures[:, PhotoMeasures._fields.index(name)].astype(np.float64)


def _measure_brightness(grey: npt.NDArray[np.uint16]) -> npt.NDArray[np.float64]:
    """Return the 1st and 99th percentile and the mean of N photos, (3, N)."""
    n_photos, n = grey.shape
    values = grey + 256 * np.arange(n_photos)[:, None]
    counts = np.bincount(values.ravel(), minlength=256 * n_photos).reshape(n_photos, 256)
    below = counts.cumsum(axis=1)
    darkest, brightest = (below < 0.01 * n).sum(axis=1), (below < 0.99 * n).sum(axis=1)
    return np.stack((darkest, brightest, (counts * np.arange(256)).sum(axis=1) / n))


def _measure_sharpness(bands: npt.NDArray[np.uint16]) -> npt.NDArray[np.float64]:
    """Return the mean square of the Laplacian inside the bands of N photos, (N,)."""
    n_photos, n_rows, width = bands.shape
    rows = bands.view(np.int16).reshape(n_photos * n_rows // _BAND, -1)  # long rows are three times as fast
    laplacian = rows[:, width:-width] << 2
    laplacian -= rows[:, : -2 * width]
    laplacian -= rows[:, 2 * width :]
    laplacian -= rows[:, width - 1 : -width - 1]
    laplacian -= rows[:, width + 1 : -width + 1]
    inside = laplacian.reshape(n_photos, -1, width)[:, :, 1:-1]  # the first and last columns are mixed
    squares: npt.NDArray[np.float64] = np.einsum("nij,nij->n", inside, inside, dtype=np.float64)
    squares /= inside.shape[1] * inside.shape[2]
    return squares


def _measure_border(sides: npt.NDArray[np.uint16]) -> npt.NDArray[np.float64]:
    """Return mean and deviation of the border of N photos, and those of its most uniform side, (4, N)."""
    values = sides.astype(np.int64)
    n = values.shape[2]
    sums, squares = values.sum(axis=2), np.einsum("nij,nij->ni", values, values)
    deviations = np.sqrt(n * squares - sums**2) / n
    at = np.arange(len(sums)), deviations.argmin(axis=1)
    total, size = sums.sum(axis=1), 4 * n
    deviation = np.sqrt(size * squares.sum(axis=1) - total**2) / size
    return np.stack((total / size, deviation, sums[at] / n, deviations[at]))
