"""Find near copies: photos that were saved again, resized, mirrored, cropped, or taken within a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.features.alike_features import AlikeFeatures
from headstart.features.cropped_copies import find_cropped_copies
from headstart.features.thumbnail_pairs import ThumbnailPairs, walk_pairs
from headstart.features.thumbnail_spectra import Details, Floats
from headstart.process.progress import Progress, ignore_progress

SURE = 0.9  # correlation of thumbnails that is enough
RARE = 1e-6  # chance of such a correlation that is low enough
LIKELY = 0.55  # correlation that is enough if the features agree, too
UNLIKELY = 1e-3  # chance that is then low enough
ALIKE = 0.6  # cosine of features, standardised within the set, that agree
MAX_PER_BLOCK = 200_000  # pairs of a block of rows; of more, the strongest are kept
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
    """

    first: str
    second: str
    correlation: float
    cosine: float | None
    kind: str = "copy"


def find_near_copies(
    digests: list[str], details: Details, features: Floats | None, progress: Progress = ignore_progress
) -> list[CopyPair]:
    """Find the near copies among N photos, all of different digests.

    Two photos are near copies if the details of their thumbnails correlate by 0.9, or by 0.55 if their features are
    alike, and not by chance (docs/decisions/0033-near-copies.md). Flat thumbnails are no evidence.

    Parameters
    ----------
    digests
        N digests, sorted.
    details
        Of N thumbnails, by `find_details`.
    features
        (N, D), or None if they are not known.

    Returns
    -------
    The pairs, the strongest first.
    """
    alike = None if features is None or len(digests) < FEWEST_ALIKE else AlikeFeatures(features)
    pairs: list[CopyPair] = []
    known: set[tuple[int, int]] = set()
    for n_done, found in walk_pairs(details, SURE if alike is None else LIKELY):
        found = _keep_strongest(found)
        is_copy = (found.correlation >= SURE) & (found.chance <= RARE)
        cosine = None
        if alike is not None:
            cosine = alike.measure(found.first, found.second)
            is_copy |= (cosine >= ALIKE) & (found.chance <= UNLIKELY)
        pairs += _list_pairs(digests, found, cosine, np.flatnonzero(is_copy))
        known.update(zip(found.first[is_copy].tolist(), found.second[is_copy].tolist(), strict=True))
        progress(n_done, len(digests))
    if alike is not None:
        pairs += _find_crops(digests, details, alike, known)
    return sorted(pairs, key=lambda pair: (-pair.correlation, pair.first, pair.second))


def _find_crops(
    digests: list[str], details: Details, alike: AlikeFeatures, known: set[tuple[int, int]]
) -> list[CopyPair]:
    """Return the cropped copies among the pairs that are not known."""
    first, second, _ = alike.find_neighbours(CLOSE, N_NEIGHBOURS)
    is_new = [pair not in known for pair in zip(first.tolist(), second.tolist(), strict=True)]
    found = find_cropped_copies(details, first[is_new], second[is_new])
    cosine = alike.measure(found.first, found.second)
    return _list_pairs(digests, found, cosine, np.arange(len(found.first)), "crop")


def _list_pairs(
    digests: list[str], found: ThumbnailPairs, cosine: Floats | None, at: npt.NDArray[np.int64], kind: str = "copy"
) -> list[CopyPair]:
    return [
        CopyPair(
            digests[found.first[n]], digests[found.second[n]], round(float(found.correlation[n]), 4),
            None if cosine is None else round(float(cosine[n]), 4), kind,
        )
        for n in at
    ]  # fmt: skip


def _keep_strongest(pairs: ThumbnailPairs) -> ThumbnailPairs:
    if len(pairs.first) <= MAX_PER_BLOCK:
        return pairs
    at = np.sort(np.argsort(-pairs.correlation, kind="stable")[:MAX_PER_BLOCK])
    return ThumbnailPairs(pairs.first[at], pairs.second[at], pairs.correlation[at], pairs.chance[at])
