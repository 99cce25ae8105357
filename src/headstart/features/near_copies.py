"""Find near copies: photos that were saved again, resized, mirrored, cropped, or taken within a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from headstart.features.alike_features import AlikeFeatures
from headstart.features.cropped_copies import find_cropped_copies
from headstart.features.look_alikes import measure_limits
from headstart.features.thumbnail_pairs import ThumbnailPairs, measure_difference, walk_pairs
from headstart.features.thumbnail_spectra import Bools, Details, Floats
from headstart.process.progress import Progress, ignore_progress

SAME = ((1.0, 0.85), (2.5, 0.998))
"""Root mean square of what differs, of 255 levels, and correlation that are enough together, among look-alikes, too.
Saving strong edges or small photos again changes more than 1 level."""
SAME_AT_LEAST = 0.85  # the smallest correlation of these
OWN_LEVELS = 6.0  # of the details of a photo's own, if half of the set shows one scene; fewer are much alike by chance
SAME_OF_COMMON = 0.8  # what may differ between two photos with fewer
SURE = 0.9  # correlation of thumbnails that is enough if look-alikes do not reach it
RARE = 1e-6  # chance of such a correlation that is low enough
SURE_AMONG_ALIKE = 0.97  # the same among look-alikes, if no third photo comes near it
NEARLY_SURE = 0.85  # correlation with a third photo that comes near it
LIKELY = 0.55  # correlation that is enough if the features agree, too
UNLIKELY = 1e-3  # chance that is then low enough
ALIKE = 0.6  # cosine of features, standardised within the set, that agree
MAX_PER_BLOCK = 200_000  # pairs of a block of rows; of more, the strongest are kept
VERY_ALIKE = 0.7  # cosine of features of look-alikes, whose thumbnails correlate by LIKELY
MAX_LOOK_ALIKES = 1000  # pairs; of more, the strongest are kept
CLOSE = 0.55  # cosine of features that makes two photos candidates for cropped copies
N_NEIGHBOURS = 5  # of a photo; of more candidates, the nearest are compared
FEWEST_ALIKE = 8  # photos; features of fewer cannot be standardised


@dataclass(frozen=True, slots=True)
class CopyPair:
    """Two photos that are near copies.

    Attributes
    ----------
    first, second
        Digests of the photos, in order.
    correlation
        Correlation of the details of the two thumbnails, the largest of as it is and mirrored; of a crop, once aligned.
    cosine
        Cosine of the features, standardised within the set. None: the features are not known.
    kind
        ``copy``: the whole thumbnails agree. ``crop``: they agree once a window of one is laid over the other.
        ``lookalike``: the photos look alike, and are no copies.
    """

    first: str
    second: str
    correlation: float
    cosine: float | None
    kind: str = "copy"


class Comparison(NamedTuple):
    """Pairs of photos, the strongest first.

    Attributes
    ----------
    pairs
        Near copies.
    lookalikes
        At most 1,000 pairs that look alike and are no copies. Empty if the features are not known.
    """

    pairs: list[CopyPair]
    lookalikes: list[CopyPair]


def find_near_copies(
    digests: list[str], details: Details, features: Floats | None, progress: Progress = ignore_progress
) -> list[CopyPair]:
    """Find the near copies among N photos: the pairs of `compare_photos`."""
    return compare_photos(digests, details, features, progress).pairs


def compare_photos(
    digests: list[str], details: Details, features: Floats | None, progress: Progress = ignore_progress
) -> Comparison:
    """Find the near copies and the look-alikes among N photos, all of different digests.

    Two photos are near copies if their thumbnails differ by at most 1 of 255 levels. They also are if the details of
    their thumbnails correlate by 0.9, or by 0.55 if their features are alike, if that is not likely by chance, and if
    other photos of the same kind correlate less (docs/decisions/0033-near-copies.md). Flat thumbnails are no evidence.
    Other photos look alike if their thumbnails correlate by 0.55 and their features by 0.7.

    Parameters
    ----------
    digests
        N digests, sorted.
    details
        Of N thumbnails, by `find_details`.
    features
        (N, D), or None if they are not known.
    """
    alike = None if features is None or len(digests) < FEWEST_ALIKE else AlikeFeatures(features)
    whole = _walk(details, SAME_AT_LEAST if alike is None else LIKELY, progress)
    is_same, is_telling = _mark_same(details, whole), _mark_telling(details, whole)
    is_sure = is_telling & (whole.correlation >= SURE) & (whole.chance <= RARE)
    is_copy, crops, cosines = (
        is_same | is_sure,
        whole.take(np.empty(0, np.int64)),
        np.full(len(is_same), -1, np.float32),
    )
    if alike is not None:
        cosines = alike.measure(whole.first, whole.second)
        is_copy |= is_telling & (cosines >= ALIKE) & (whole.chance <= UNLIKELY)
        crops = _find_crops(details, alike, whole.take(is_copy))
        crops = crops.take(_mark_telling(details, crops))
    limits = _measure_limits(details, alike, whole, crops, is_copy & ~is_same)
    is_copy &= is_same | _exceed_look_alikes(whole, limits, is_sure)
    crops = crops.take(np.maximum(limits[crops.first], limits[crops.second]) == 0)
    pairs = [*_list_pairs(digests, whole.take(is_copy), alike), *_list_pairs(digests, crops, alike, "crop")]
    alikes = _choose_look_alikes(whole.take(~is_copy & (cosines >= VERY_ALIKE)), crops)
    return Comparison(_sort(pairs), _sort(_list_pairs(digests, alikes, alike, "lookalike")))


def _choose_look_alikes(pairs: ThumbnailPairs, crops: ThumbnailPairs) -> ThumbnailPairs:
    """Return the strongest pairs that are no cropped copies."""
    known = set(zip(crops.first.tolist(), crops.second.tolist(), strict=True))
    is_new = [pair not in known for pair in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)]
    pairs = pairs.take(np.array(is_new, bool))
    return pairs.take(np.argsort(-pairs.correlation, kind="stable")[:MAX_LOOK_ALIKES])


def _sort(pairs: list[CopyPair]) -> list[CopyPair]:
    return sorted(pairs, key=lambda pair: (-pair.correlation, pair.first, pair.second))


def _walk(details: Details, lowest: float, progress: Progress) -> ThumbnailPairs:
    blocks = []
    for n_done, block in walk_pairs(details, lowest):
        if len(block.first) > MAX_PER_BLOCK:
            block = block.take(np.sort(np.argsort(-block.correlation, kind="stable")[:MAX_PER_BLOCK]))
        blocks.append(block)
        progress(n_done, len(details.rest))
    return ThumbnailPairs(*map(np.concatenate, zip(*blocks, strict=True)))


def _mark_same(details: Details, pairs: ThumbnailPairs) -> Bools:
    """Return which pairs differ by no more than the same photo, saved again."""
    difference = measure_difference(details, pairs)
    is_same = np.zeros(len(pairs.first), bool)
    for levels, lowest in SAME:
        is_same |= (difference <= levels) & (pairs.correlation >= lowest)
    return is_same & ((difference <= SAME_OF_COMMON) | _mark_telling(details, pairs))


def _mark_telling(details: Details, pairs: ThumbnailPairs) -> Bools:
    """Return in which pairs both photos have details enough to tell them from others, also of one scene."""
    is_telling = ~details.is_common | (details.levels >= OWN_LEVELS)
    both: Bools = is_telling[pairs.first] & is_telling[pairs.second]
    return both


def _find_crops(details: Details, alike: AlikeFeatures, known: ThumbnailPairs) -> ThumbnailPairs:
    """Return the pairs that may be cropped copies, of those that are not known."""
    first, second, _ = alike.find_neighbours(CLOSE, N_NEIGHBOURS)
    numbers = set(zip(known.first.tolist(), known.second.tolist(), strict=True))
    is_new = [pair not in numbers for pair in zip(first.tolist(), second.tolist(), strict=True)]
    return find_cropped_copies(details, first[is_new], second[is_new])


def _measure_limits(
    details: Details, alike: AlikeFeatures | None, whole: ThumbnailPairs, crops: ThumbnailPairs, is_asked: Bools
) -> Floats:
    """Return the correlation (N,) that look-alikes of each photo reach, 0 for photos of no pair in question."""
    links = np.append(whole.first, crops.first), np.append(whole.second, crops.second)
    photos = np.unique(np.concatenate([whole.first[is_asked], whole.second[is_asked], crops.first, crops.second]))
    limits = np.zeros(len(details.rest), np.float32)
    limits[photos] = measure_limits(details, alike, links, photos)
    return limits


def _exceed_look_alikes(pairs: ThumbnailPairs, limits: Floats, is_sure: Bools) -> Bools:
    """Return which pairs correlate by more than the look-alikes of both photos.

    A third photo that comes near the correlation of a pair shows that the photos differ little by little.
    """
    limit = np.maximum(limits[pairs.first], limits[pairs.second])
    lowest = np.maximum(limit, SURE_AMONG_ALIKE)
    is_close = (pairs.correlation >= NEARLY_SURE) & (pairs.correlation < SURE_AMONG_ALIKE)
    has_close = np.zeros(len(limits), bool)
    has_close[pairs.first[is_close]] = has_close[pairs.second[is_close]] = True
    is_alone = ~(has_close[pairs.first] | has_close[pairs.second])
    exceeds: Bools = (limit == 0) | is_sure & is_alone & (pairs.correlation >= lowest)
    return exceeds


def _list_pairs(
    digests: list[str], found: ThumbnailPairs, alike: AlikeFeatures | None, kind: str = "copy"
) -> list[CopyPair]:
    cosines = [None] * len(found.first) if alike is None else alike.measure(found.first, found.second).tolist()
    return [
        CopyPair(
            digests[found.first[n]], digests[found.second[n]], round(float(found.correlation[n]), 4),
            None if cosine is None else round(cosine, 4), kind,
        )
        for n, cosine in enumerate(cosines)
    ]  # fmt: skip
