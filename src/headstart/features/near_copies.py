"""Find near copies: photos that were saved again, resized, mirrored, brightened, or taken within a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.features.thumbnail_pairs import Numbers, ThumbnailPairs, walk_pairs
from headstart.features.thumbnail_spectra import Floats, find_details
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.large_arrays import walk_rows

SURE = 0.9  # correlation of thumbnails that is enough
RARE = 1e-6  # chance of such a correlation that is low enough
LIKELY = 0.55  # correlation that is enough if the features agree, too
UNLIKELY = 1e-3  # chance that is then low enough
ALIKE = 0.6  # cosine of features, standardised within the set, that agree
MAX_PER_BLOCK = 200_000  # pairs of a block of rows; of more, the strongest are kept
PAIRS_AT_ONCE = 2048
FEWEST_DEVIATION = 1e-6  # of a feature; a smaller one is rounding
FEWEST_ALIKE = 8  # photos; features of fewer cannot be standardised


@dataclass(frozen=True, slots=True)
class CopyPair:
    """Two photos that are near copies.

    Attributes
    ----------
    first, second
        Digests of the photos, in order.
    correlation
        Correlation of the details of the two thumbnails, the larger one of as it is and mirrored.
    cosine
        Cosine of the features, standardised within the set. None: the features are not known.
    """

    first: str
    second: str
    correlation: float
    cosine: float | None


def find_near_copies(
    digests: list[str], thumbnails: npt.NDArray[np.uint8], features: Floats | None,
    progress: Progress = ignore_progress,
) -> list[CopyPair]:  # fmt: skip
    """Find the near copies among N photos, all of different digests.

    Two photos are near copies if the details of their thumbnails correlate by 0.9, or by 0.55 if their features are
    alike, and not by chance (docs/decisions/0033-near-copies.md). Flat thumbnails are no evidence.

    Parameters
    ----------
    digests
        N digests, sorted.
    thumbnails
        (N, 32, 32) grey.
    features
        (N, D), or None if they are not known.

    Returns
    -------
    The pairs, the strongest first.
    """
    details = find_details(thumbnails)
    alike = None if features is None or len(digests) < FEWEST_ALIKE else _AlikeFeatures(features)
    pairs: list[CopyPair] = []
    for n_done, found in walk_pairs(details, SURE if alike is None else LIKELY):
        first, second, correlation, chance = _keep_strongest(found)
        is_copy = (correlation >= SURE) & (chance <= RARE)
        cosine = None
        if alike is not None:
            cosine = alike.measure(first, second)
            is_copy |= (cosine >= ALIKE) & (chance <= UNLIKELY)
        pairs += [
            CopyPair(
                digests[first[n]], digests[second[n]], round(float(correlation[n]), 4),
                None if cosine is None else round(float(cosine[n]), 4),
            )
            for n in np.flatnonzero(is_copy)
        ]  # fmt: skip
        progress(n_done, len(digests))
    return sorted(pairs, key=lambda pair: (-pair.correlation, pair.first, pair.second))


def _keep_strongest(pairs: ThumbnailPairs) -> ThumbnailPairs:
    if len(pairs.first) <= MAX_PER_BLOCK:
        return pairs
    at = np.sort(np.argsort(-pairs.correlation, kind="stable")[:MAX_PER_BLOCK])
    return ThumbnailPairs(pairs.first[at], pairs.second[at], pairs.correlation[at], pairs.chance[at])


class _AlikeFeatures:
    """Cosines of features (N, D), standardised within the set; only the rows of pairs are copied."""

    def __init__(self, features: Floats) -> None:
        self._features = features
        total, squares = np.zeros(features.shape[1]), np.zeros(features.shape[1])
        for rows in walk_rows(features, PAIRS_AT_ONCE):
            block = features[rows].astype(np.float64)
            total += block.sum(0)
            squares += (block**2).sum(0)
        self._mean = (total / len(features)).astype(np.float32)
        deviation = np.sqrt(np.maximum(squares / len(features) - (total / len(features)) ** 2, 0))
        self._scale = np.where(deviation > FEWEST_DEVIATION, 1 / np.maximum(deviation, FEWEST_DEVIATION), 0)
        self._scale = self._scale.astype(np.float32)

    def measure(self, first: Numbers, second: Numbers) -> Floats:
        """Return the cosine of each pair of photos."""
        cosines = np.empty(len(first), np.float32)
        for start in range(0, len(first), PAIRS_AT_ONCE):
            rows = slice(start, start + PAIRS_AT_ONCE)
            one, other = ((self._features[at[rows]] - self._mean) * self._scale for at in (first, second))
            product = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
            cosines[rows] = np.einsum("nd,nd->n", one, other) / np.maximum(product, FEWEST_DEVIATION)
        return cosines
