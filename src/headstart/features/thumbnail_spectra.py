"""The details of thumbnails in the frequency domain: what tells one photo from all others of a set.

Letters: N thumbnails, S = 32 pixels a side.

1. A mean over 9 x 9 pixels is taken off each thumbnail, so that brightness, large areas and gradients do not count.
2. The orthonormal cosine transform (DCT-II). To mirror a picture is then to change the sign of its odd frequencies. The
   frequencies are kept in four parts, even or odd in each direction: the products of the parts give the correlation of
   two pictures as they are, mirrored, upside down, and both.
3. What most photos of the set share is taken off: the strongest principal components. Photos of parts in one holder,
   or of pages of text, are alike in them without being copies. A scene that fewer than half of the photos show is not
   taken off: its photos are a series.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.features.thumbnails import SIDE_PX
from headstart.head.parallel_rows import map_blocks, map_items
from headstart.storage.large_arrays import allocate_array, take_rows

WINDOW_PX = 9
FEWEST_LEVELS = 1.2  # root mean square of the details, of 255; below it, only noise is left
MAX_SHARED = 4  # pictures that many photos share; each has a principal component in each of the four parts
PHOTOS_PER_SHARED = 50  # for each shared picture: a smaller number could be the copies of one photo
N_KEPT = 48  # components of each part by which pairs are searched; the others only bound the correlation
MAX_SAMPLE = 4000  # photos from which the components are computed
MOST = 0.7  # of a photo's details; if the components have more, the photo shows little else
MAX_ROUNDS = 8  # in which series are left out of the components, until no more are found
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Details:
    """The details of N thumbnails, each scaled to length 1.

    Attributes
    ----------
    parts
        (4, N, 256) float32: the frequencies that are even or odd in each direction. 0 for flat thumbnails.
    main
        (4, N, 48) float32: the part of each in the strongest remaining principal components.
    rest
        (N,) float32: the length of what ``main`` leaves out.
    dimensions
        (N,) float32: the effective number of frequencies, 1 over the sum of the fourth powers. A picture of stripes has
        2, so that a high correlation with another one is likely by chance; a photo has 30 to 150.
    levels
        (N,) float32: root mean square of the details that are left, of 255 levels.
    is_flat
        (N,) bool: whether the thumbnail has no details at all.
    is_shared
        (N,) bool: whether all its details are shared by other photos of the set.
    is_common
        (N,) bool: whether most of its details are shared by most photos of the set. Only the others are compared.
    """

    parts: Floats
    main: Floats
    rest: Floats
    dimensions: Floats
    levels: Floats
    is_flat: Bools
    is_shared: Bools
    is_common: Bools


def find_details(thumbnails: npt.NDArray[np.uint8]) -> Details:
    """Return the details of thumbnails (N, 32, 32). Takes about 0.4 s of processor time for 10,000."""
    n = len(thumbnails)
    parts = allocate_array((4, n, SIDE_PX**2 // 4), what="thumbnails")
    lengths = np.empty(n, np.float32)

    def transform(rows: slice) -> None:
        pixels = thumbnails[rows].astype(np.float32)
        pixels -= _apply(pixels, _make_window_mean())
        pixels -= pixels.mean((1, 2), keepdims=True)
        spectra = _apply(pixels, _make_cosines())
        lengths[rows] = np.sqrt(np.einsum("nyx,nyx->n", spectra, spectra))
        spectra /= np.where(lengths[rows] < FEWEST_LEVELS * SIDE_PX, np.inf, lengths[rows])[:, None, None]
        for number, part in enumerate(parts):
            part[rows] = spectra[:, number // 2 :: 2, number % 2 :: 2].reshape(len(spectra), -1)

    map_blocks(transform, thumbnails, *parts)
    is_flat = lengths < FEWEST_LEVELS * SIDE_PX
    shared, others, is_common = _find_shared(parts, ~is_flat)
    main, own = np.zeros((4, n, N_KEPT), np.float32), np.empty(n, np.float32)
    rest, dimensions = np.empty(n, np.float32), np.empty(n, np.float32)

    def take_off(rows: slice) -> None:
        some, kept = parts[:, rows], main[:, rows]
        for part, axis in zip(some, shared, strict=True):
            part -= (part @ axis) @ axis.T
        for part, weights, axis in zip(some, kept, others, strict=True):
            weights[:, : axis.shape[1]] = part @ axis[:, :N_KEPT]
        own[rows] = np.sqrt(_sum_squares(some))  # the share of the details that is the photo's own
        is_left = ~is_flat[rows] & (own[rows] * lengths[rows] >= FEWEST_LEVELS * SIDE_PX)
        scale = (is_left / np.maximum(own[rows], 1e-9)).astype(np.float32)[:, None]
        some *= scale
        kept *= scale
        rest[rows] = np.sqrt(np.maximum(_sum_squares(some) - _sum_squares(kept), 0))
        dimensions[rows] = 1 / np.maximum(_sum_squares(some**2), 1e-9)

    map_blocks(take_off, lengths, *parts)
    is_shared = ~is_flat & (own * lengths < FEWEST_LEVELS * SIDE_PX)
    return Details(parts, main, rest, dimensions, own * lengths / np.float32(SIDE_PX), is_flat, is_shared, is_common)


def paint_details(details: Details, numbers: npt.NDArray[np.int64]) -> Floats:
    """Return the details of some thumbnails as pictures (M, 32, 32)."""
    half = SIDE_PX // 2
    spectra = np.empty((len(numbers), SIDE_PX, SIDE_PX), np.float32)
    for n, part in enumerate(details.parts):
        spectra[:, n // 2 :: 2, n % 2 :: 2] = take_rows(part, numbers).reshape(-1, half, half)
    return _apply(spectra, _make_cosines().T)


def _sum_squares(parts: Floats) -> Floats:
    """Return the sum of the squares (N,) of (4, N, F) frequencies."""
    total: Floats = np.einsum("pnf,pnf->n", parts, parts)
    return total


def _find_shared(parts: Floats, is_used: Bools) -> tuple[list[Floats], list[Floats], Bools]:
    """Return the axes of each part that most photos share, the other axes, and (N,) whether a photo shows little else.

    The axes of a part are (256, K), the strongest first. Photos of a series would be a component of their own, and
    nothing would be left of them. If photos that show little but the components are less than half of all, the
    components are those of the other photos.
    """
    n_shared = 4 * min(MAX_SHARED, int(is_used.sum()) // PHOTOS_PER_SHARED)
    is_common = is_series = np.zeros(len(is_used), bool)
    first: tuple[list[Floats], list[Floats], Bools] | None = None
    shared: list[Floats] = []
    others: list[Floats] = []
    for _ in range(MAX_ROUNDS):
        values, axes = _find_components(parts, np.flatnonzero(is_used & ~is_series))
        weakest = np.sort(values.ravel())[::-1][n_shared - 1] if n_shared else np.inf
        shared = [axis[:, value >= weakest] for value, axis in zip(values, axes, strict=True)]
        others = [axis[:, value < weakest] for value, axis in zip(values, axes, strict=True)]
        is_covered = is_used & (_measure_share(parts, shared) > MOST)
        first = first or (shared, others, is_covered)
        if n_shared and (is_series | is_covered).sum() >= is_used.sum() / 2:
            return first
        if not (is_covered & ~is_series).any():
            break
        is_series = is_series | is_covered
    return shared, others, is_common


def _measure_share(parts: Floats, axes: list[Floats]) -> Floats:
    """Return the share (N,) of the details that some axes of each part have."""

    def measure(rows: slice) -> Floats:
        weights = np.hstack([part[rows] @ axis for part, axis in zip(parts, axes, strict=True)])
        shares: Floats = np.einsum("nk,nk->n", weights, weights)
        return shares

    return np.concatenate(map_blocks(measure, *parts))


def _find_components(parts: Floats, photos: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the variances (4, 256) and the axes (4, 256, 256) of the principal components, the strongest first.

    They are those of some photos and their mirrored versions: then no component mixes two of the four parts.
    """
    sample = photos[:: max(1, len(photos) // MAX_SAMPLE)]

    def decompose(part: Floats) -> tuple[Floats, Floats]:
        some = take_rows(part, sample).astype(np.float64)
        values, axes = np.linalg.eigh(some.T @ some / max(1, len(some)))
        return values[::-1].astype(np.float32), axes[:, ::-1].astype(np.float32)

    values, axes = zip(*map_items(decompose, list(parts)), strict=True)
    return np.stack(values), np.stack(axes)


def _apply(pictures: Floats, matrix: Floats) -> Floats:
    """Apply a matrix (S, S) to the rows and the columns of pictures (N, S, S)."""
    half = pictures.reshape(-1, SIDE_PX) @ matrix.T
    turned = np.ascontiguousarray(half.reshape(-1, SIDE_PX, SIDE_PX).transpose(0, 2, 1))
    return (turned.reshape(-1, SIDE_PX) @ matrix.T).reshape(-1, SIDE_PX, SIDE_PX).transpose(0, 2, 1)


def _make_cosines() -> Floats:
    """Return the orthonormal matrix (S, S) of the cosine transform."""
    k, x = np.arange(SIDE_PX)[:, None], np.arange(SIDE_PX)[None]
    matrix = np.cos(np.pi * k * (2 * x + 1) / (2 * SIDE_PX)) * math.sqrt(2 / SIDE_PX)
    matrix[0] /= math.sqrt(2)
    return matrix.astype(np.float32)


def _make_window_mean() -> Floats:
    """Return the matrix (S, S) of a mean over a window.

    Beyond the border the picture goes on as turned by half about its last pixel, so that a gradient leaves no details.
    """
    half = WINDOW_PX // 2
    matrix = np.zeros((SIDE_PX, SIDE_PX))
    for x in range(SIDE_PX):
        for at in range(x - half, x + half + 1):
            edge = 0 if at < 0 else SIDE_PX - 1
            if 0 <= at < SIDE_PX:
                matrix[x, at] += 1
            else:
                matrix[x, edge] += 2
                matrix[x, 2 * edge - at] -= 1
    return (matrix / WINDOW_PX).astype(np.float32)
