"""Align thumbnails: how well a window of one agrees with the whole of another, as cropped copies do.

Letters: M pairs, S pixels a side, n windows in each direction.

A window is cut out and enlarged to S x S by a matrix for its rows and one for its columns: A D B^T. Its product with
another thumbnail E is <D B^T, A^T E>, and the square of its length is <(A^T A) D, D (B^T B)>. Each factor is needed n
times and not n x n times. A mirrored E needs none of its own: the windows of one size are the mirrored windows, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.features.thumbnail_spectra import Floats

FINE_SIZES = (0.97, 0.94, 0.91, 0.88, 0.84, 0.8)  # sides of the windows, as shares of the side of the thumbnail
COARSE_SIZES = (0.93, 0.84)
STEP_PX = 0.8  # between windows; half of it is the largest error
SHORTEST = 1e-3  # length of a window with details, of 1; below it the window is plain
PAIRS_AT_ONCE = 64
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


def correlate_aligned(some: Floats, others: Floats, windows: Windows) -> Floats:
    """Return the correlation (M,) of pairs of details, the largest over the windows of each and four mirrorings.

    Parameters
    ----------
    some, others
        (M, S, S), each of length 1 or 0.
    windows
        From `make_windows` for S.
    """
    best = np.full(len(some), -1, np.float32)
    for start in range(0, len(some), PAIRS_AT_ONCE):
        one, other = some[start : start + PAIRS_AT_ONCE], others[start : start + PAIRS_AT_ONCE]
        rows = best[start : start + PAIRS_AT_ONCE]
        for matrices in windows:
            np.maximum(rows, _correlate_windows(one, other, matrices), out=rows)
            np.maximum(rows, _correlate_windows(other, one, matrices), out=rows)
    return best


def _correlate_windows(one: Floats, other: Floats, matrices: Floats) -> Floats:
    """Return the correlation (M,) of the best window of one size of ``one`` with the whole of ``other``."""
    m, side = len(one), one.shape[1]
    n = len(matrices)
    grams = matrices.transpose(0, 2, 1) @ matrices
    some, whole = one[:, None], other[:, None]  # products of 32 x 32 need no threads: BLAS would start them in vain
    columns = (some @ matrices.transpose(0, 2, 1)).reshape(m, n, -1)
    lengths = (some @ grams).reshape(m, n, -1) @ (grams @ some).reshape(m, n, -1).transpose(0, 2, 1)
    lengths = np.sqrt(np.maximum(lengths, SHORTEST**2))
    rows = matrices.transpose(0, 2, 1) @ whole
    best = np.full(m, -1, np.float32)
    for down, across in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        mirrored = rows[:, ::down, ::down, ::across].reshape(m, n, side * side)
        products = columns @ mirrored.transpose(0, 2, 1)
        np.maximum(best, (products / lengths).max((1, 2)), out=best)
    return best
