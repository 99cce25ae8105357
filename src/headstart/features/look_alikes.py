"""Tell look-alikes from copies: photos of one kind of thing, such as one part at many places, that agree by chance.

A correlation is evidence only if other photos of the same kind do not reach it. The features tell which photos are of
the same kind: the nearest ones that are not in question as copies themselves. Pairs of them, aligned, give the limit.
"""

from __future__ import annotations

import numpy as np

from headstart.features.alike_features import AlikeFeatures
from headstart.features.cropped_copies import align_pairs
from headstart.features.thumbnail_pairs import Numbers
from headstart.features.thumbnail_spectra import PHOTOS_PER_SHARED, Bools, Details, Floats

MAX_ANCHORS = 8  # photos whose surroundings are measured, as different from each other as possible; 0.15 s each
NEAR = 0.5  # cosine of features to an anchor at which a photo needs no anchor of its own
N_NEIGHBOURS = 50  # of an anchor
N_PAIRS = 150  # of its neighbours
FEWEST_PAIRS = 30  # fewer tell nothing
DEVIATIONS = 6  # above the median
LOOKS_ALIKE = (0.58, 0.4, 0.35, 0.33)  # correlation at the 84th percentile, from which on the photos are look-alikes
"""If no picture that many photos share was taken off the details, if one was, two, and more: until then, photos on
one background correlate by it."""

Links = tuple[Numbers, Numbers]


def measure_limits(details: Details, alike: AlikeFeatures | None, links: Links, photos: Numbers) -> Floats:
    """Return the correlation (M,) that look-alikes of each photo do not reach; 0 if it has none.

    It is the median of aligned pairs of the nearest photos, and 6 standard deviations, measured from the median to the
    84th percentile, so that a few copies among them do not count. For one part at many places it is above 1. If the
    features are not known, all photos count as near.

    Parameters
    ----------
    links
        Numbers of the photos of each pair that may be copies. Two photos that are linked, or linked to the same third
        one, are not compared: frames of a series would count as look-alikes of each other.
    photos
        (M,) numbers.
    """
    limits, nearest = np.zeros(len(photos), np.float32), np.full(len(photos), -np.inf, np.float32)
    for _ in range(MAX_ANCHORS):
        if not len(photos) or nearest.min() >= NEAR:
            break
        anchor = int(photos[nearest.argmin()])
        cosines = np.ones(len(details.rest), np.float32) if alike is None else alike.measure_all(anchor)
        limit = _measure_limit(details, cosines, links, anchor)
        is_nearer = cosines[photos] > nearest
        limits[is_nearer], nearest[is_nearer] = limit, cosines[photos[is_nearer]]
    return limits


def _measure_limit(details: Details, cosines: Floats, links: Links, anchor: int) -> float:
    generator, n = np.random.default_rng(0), len(cosines)
    is_used = ~(details.is_flat | details.is_shared)
    linked = np.flatnonzero(_mark_linked(links, np.array([anchor]), n)[0])
    is_series = is_used & _mark_linked(links, linked, n).any(0)
    n_shared = int((~details.is_flat).sum()) // PHOTOS_PER_SHARED
    if n_shared and is_series.sum() >= is_used.sum() / 2:  # no series: find_details decides likewise
        links, is_series = (links[0][:0], links[1][:0]), np.arange(n) == anchor
    others = generator.permutation(np.flatnonzero(is_used & ~is_series))
    near = np.append(others[np.argsort(-cosines[others], kind="stable")[:N_NEIGHBOURS]], anchor)
    is_linked = _mark_linked(links, near, n).astype(np.float32)
    one, other = np.nonzero(np.triu(is_linked @ is_linked.T == 0, 1))
    if len(one) < FEWEST_PAIRS:
        return 0.0
    some = generator.permutation(len(one))[:N_PAIRS]
    middle, high = np.percentile(align_pairs(details, near[one[some]], near[other[some]]), [50, 84])
    lowest = LOOKS_ALIKE[min(n_shared, len(LOOKS_ALIKE) - 1)]
    return float(middle + DEVIATIONS * (high - middle)) if high >= lowest else 0.0


def _mark_linked(links: Links, photos: Numbers, n_photos: int) -> Bools:
    """Return (M, N) whether each of M photos is linked to each of N; each is linked to itself."""
    places = np.full(n_photos, -1)
    places[photos] = np.arange(len(photos))
    marks = np.zeros((len(photos), n_photos), bool)
    marks[places[photos], photos] = True
    for ones, others in (links, links[::-1]):
        is_asked = places[ones] >= 0
        marks[places[ones[is_asked]], others[is_asked]] = True
    return marks
