"""Align thumbnails: how well a window of one agrees with the whole of another, as cropped copies do.

Letters: M pairs of N pictures, S pixels a side, n windows in each direction.

A window is cut out and enlarged to S x S by a matrix for its rows and one for its columns: A D B^T. Its product with
another thumbnail E is <D B^T, A^T E>, and the square of its length is <(A^T A) D, D (B^T B)>. Each factor is needed n
times and not n x n times. A mirrored E needs none of its own: the windows of one size are the mirrored windows, too.
The lengths are measured once for each picture, and not for each pair.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.features.thumbnail_pairs import Numbers
from headstart.features.thumbnail_spectra import Floats
from headstart.head.parallel_rows import map_items, split_rows

FINE_SIZES = (0.97, 0.94, 0.91, 0.88, 0.84, 0.8)  # sides of the windows, as shares of the side of the thumbnail
COARSE_SIZES = (0.93, 0.84)
STEP_PX = 0.8  # between windows; half of it is the largest error
SHORTEST = 1e-3  # length of a window with details, of 1; below it the window is plain
NUMBERS_AT_ONCE = 2**18  # of the windows of some pairs: their products fit the cache of a core
Windows = tuple[Floats, ...]


def make_windows(side_px: int, sizes: Sequence[float], step_px: float = STEP_PX) -> Windows:
    """Return matrices (n, S, S) for each size that cut a window out of S pixels and enlarge it, linearly, to S."""
    windows = []
    for size in sizes:
        room = side_px * (1 - size)
        starts = np.linspace(0, room, 1 + int(np.ceil(room / step_px)))
        centres = starts[:, None] + (np.arange(side_px) + 0.5) * size - 0.5
        centres = centres.clip(0, side_px - 1)
        distance = np.abs(centres[:, :, None] - np.arange(side_px))
        windows.append(np.maximum(1 - distance, 0).astype(np.float32))
    return tuple(windows)


def shrink_details(details: Floats) -> Floats:
    """Return details (N, S, S) at half their side, scaled to length 1; plain ones stay 0."""
    n, side, _ = details.shape
    small: Floats = details.reshape(n, side // 2, 2, side // 2, 2).mean((2, 4))
    lengths = np.sqrt((small**2).sum((1, 2), keepdims=True))
    small /= np.maximum(lengths, 1e-9)
    return small


def correlate_aligned(pictures: Floats, first: Numbers, second: Numbers, windows: Windows) -> Floats:
    """Return the correlation (M,) of pairs of pictures, the largest over the windows of each and four mirrorings.

    Parameters
    ----------
    pictures
        (N, S, S) details, each of length 1 or 0. S is even.
    first, second
        (M,) numbers of pictures.
    windows
        From `make_windows` for S.
    """
    fold = _make_fold(pictures.shape[1])
    folded = [np.asarray(fold @ matrices @ fold.T, np.float32) for matrices in windows]
    n_at_once = max(1, NUMBERS_AT_ONCE // max((matrices.size for matrices in windows), default=1))

    def prepare(rows: slice) -> tuple[Floats, list[Floats]]:
        some = np.asarray(fold @ pictures[rows] @ fold.T, np.float32)
        return some, [_measure_windows(some, matrices) for matrices in folded]

    def align(rows: slice) -> Floats:
        one, other = first[rows], second[rows]
        best = np.full(len(one), -1, np.float32)
        for cut, whole in ((one, other), (other, one)):
            cut_pictures, whole_pictures = some[cut], some[whole]
            for matrices, measured in zip(folded, lengths, strict=True):
                products = _multiply_windows(cut_pictures, whole_pictures, matrices)
                np.maximum(best, (products / measured[cut]).max((1, 2)), out=best)
        return best

    blocks, block_lengths = zip(*map_items(prepare, split_rows(len(pictures), n_at_once)), strict=True)
    some, lengths = np.concatenate(blocks), [np.concatenate(each) for each in zip(*block_lengths, strict=True)]
    return np.concatenate(list(map_items(align, split_rows(len(first), n_at_once))))


def _make_fold(side_px: int) -> Floats:
    """Return the orthonormal matrix (S, S) of the sums and the differences of mirrored pixels.

    After it, to mirror a picture is to change the sign of its second half.
    """
    half = np.eye(side_px // 2)
    fold: Floats = (np.block([[half, half[::-1]], [half, -half[::-1]]]) / np.sqrt(2)).astype(np.float32)
    return fold


def _multiply_windows(cut: Floats, whole: Floats, matrices: Floats) -> Floats:
    """Return the products (M, n, n) of the windows of one size of ``cut`` with all of ``whole``, both folded.

    Each is the largest of the four mirrorings, which differ in the signs of the quarters.
    """
    m, n, half = len(cut), len(matrices), cut.shape[1] // 2
    columns = _cut_across(cut, matrices).reshape(m, 2, half, n, 2, half).transpose(0, 1, 4, 3, 2, 5)
    rows = _cut_down(whole, matrices.transpose(0, 2, 1)).reshape(m, n, 2, half, 2, half).transpose(0, 2, 4, 1, 3, 5)
    products = columns.reshape(m, 4, n, -1) @ rows.reshape(m, 4, n, -1).transpose(0, 1, 3, 2)
    even_even, even_odd, odd_even, odd_odd = products.transpose(1, 0, 2, 3)
    upright = even_even + odd_even + np.abs(even_odd + odd_odd)
    upside_down = even_even - odd_even + np.abs(even_odd - odd_odd)
    largest: Floats = np.maximum(upright, upside_down[:, :, ::-1])
    return largest


def _measure_windows(pictures: Floats, matrices: Floats) -> Floats:
    """Return the lengths (N, n, n) of the windows of one size: of each place across and each place down."""
    shape = len(pictures), len(matrices), -1
    grams = matrices.transpose(0, 2, 1) @ matrices
    across = _cut_across(pictures, grams).transpose(0, 2, 1, 3).reshape(shape)
    squares = across @ _cut_down(pictures, grams).reshape(shape).transpose(0, 2, 1)
    lengths: Floats = np.sqrt(np.maximum(squares, SHORTEST**2))
    return lengths


def _cut_across(pictures: Floats, matrices: Floats) -> Floats:
    """Return the pictures (M, S, S) times each transposed matrix (n, S, S): (M, S, n, S), by one large product."""
    side = pictures.shape[1]
    return (pictures.reshape(-1, side) @ matrices.reshape(-1, side).T).reshape(len(pictures), side, -1, side)


def _cut_down(pictures: Floats, matrices: Floats) -> Floats:
    """Return each matrix (n, S, S) times the pictures (M, S, S): (M, n, S, S)."""
    side = pictures.shape[1]
    return (matrices.reshape(-1, side) @ pictures).reshape(len(pictures), -1, side, side)
