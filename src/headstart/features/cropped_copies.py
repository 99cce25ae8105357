"""Find cropped copies: photos that agree once a window of one is laid over the whole of the other.

Only pairs with alike features are compared, the nearest few of each photo: first with few windows at half the
resolution, then the best with all windows.
"""

from __future__ import annotations

import numpy as np

from headstart.features.thumbnail_pairs import Numbers, ThumbnailPairs, estimate_chance
from headstart.features.thumbnail_spectra import Details, Floats, paint_details
from headstart.features.thumbnail_windows import (
    COARSE_SIZES,
    FINE_SIZES,
    correlate_aligned,
    make_windows,
    shrink_details,
)
from headstart.features.thumbnails import SIDE_PX
from headstart.head.parallel_rows import map_items, split_rows

AGREES = 0.55  # correlation of the aligned details that is enough
RARE = 1e-6  # chance of such a correlation that is low enough
PROMISING = 0.35  # correlation with few windows that is enough to try all
MAX_PROMISING = 4000  # pairs that are tried with all windows, about 0.3 ms each; of more, the most promising
N_RANDOM = 300  # pairs of photos that tell what alignment alone reaches
DEVIATIONS = 6  # above the median of random pairs
PAIRS_AT_ONCE = 2**13  # whose pictures are in memory
PHOTOS_AT_ONCE = 256


def find_cropped_copies(details: Details, first: Numbers, second: Numbers) -> ThumbnailPairs:
    """Return the pairs that correlate by 0.55 once they are aligned, and by more than random pairs of the set."""
    promise = align_pairs(details, first, second, is_coarse=True)
    kept = np.argsort(-promise, kind="stable")[:MAX_PROMISING]
    kept = np.sort(kept[promise[kept] >= PROMISING])
    first, second = first[kept], second[kept]
    correlation = align_pairs(details, first, second)
    chance = estimate_chance(details, first, second, correlation)
    is_copy = (correlation >= AGREES) & (chance <= RARE)
    if is_copy.any():
        is_copy &= correlation >= _measure_random(details)
    return ThumbnailPairs(first[is_copy], second[is_copy], correlation[is_copy], chance[is_copy])


def _measure_random(details: Details) -> float:
    """Return a correlation that random pairs do not reach: in photos of one part at many places, none is high enough.

    It is the median of 300 pairs of photos with details, and 6 standard deviations, measured from the median to the
    84th percentile, so that a few copies among them do not count.
    """
    detailed = np.flatnonzero(~details.is_flat & ~details.is_shared)
    first, second = np.random.default_rng(0).choice(detailed, (2, N_RANDOM))
    is_pair = first != second
    middle, high = np.percentile(align_pairs(details, first[is_pair], second[is_pair]), [50, 84])
    return float(middle + DEVIATIONS * (high - middle))


def align_pairs(details: Details, first: Numbers, second: Numbers, *, is_coarse: bool = False) -> Floats:
    """Return the correlation of each pair once it is aligned. Takes 0.3 ms a pair, or 0.02 ms if coarse."""
    aligned = [
        _align(details, first[rows], second[rows], is_coarse=is_coarse)
        for rows in split_rows(len(first), PAIRS_AT_ONCE)
    ]
    return np.concatenate([np.empty(0, np.float32), *aligned])


def _align(details: Details, first: Numbers, second: Numbers, *, is_coarse: bool) -> Floats:
    photos, places = np.unique(np.stack([first, second]), return_inverse=True)
    one, other = places.reshape(2, -1)

    def paint(rows: slice) -> Floats:
        painted = paint_details(details, photos[rows])
        return shrink_details(painted) if is_coarse else painted

    pictures = np.concatenate(list(map_items(paint, split_rows(len(photos), PHOTOS_AT_ONCE))))
    windows = make_windows(SIDE_PX // 2, COARSE_SIZES) if is_coarse else make_windows(SIDE_PX, FINE_SIZES)
    return correlate_aligned(pictures, one, other, windows)
