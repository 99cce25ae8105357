"""Find near copies: photos that were saved again, resized, mirrored, brightened, or taken within a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.features.thumbnail_spectra import Floats, Numbers, transform_thumbnails, walk_correlations
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.large_arrays import walk_rows

SURE = 0.95  # correlation of thumbnails that is enough
LIKELY = 0.8  # correlation that is enough if the features agree, too
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
    kind
        ``copy``, or ``cropped``: a part of the other photo, or slightly turned.
    correlation
        Correlation of the details of the two thumbnails, the larger one of as it is and mirrored.
    cosine
        Cosine of the features, standardised within the set. None: the features are not known.
    """

    first: str
    second: str
    kind: str
    correlation: float
    cosine: float | None


def find_near_copies(
    digests: list[str], thumbnails: npt.NDArray[np.uint8], features: Floats | None,
    progress: Progress = ignore_progress,
) -> list[CopyPair]:  # fmt: skip
    """Find the near copies among N photos, all of different digests.

    Two photos are near copies if their thumbnails correlate by 0.95, or by 0.8 if their features are alike
    (docs/decisions/0033-near-copies.md). Flat thumbnails are no evidence.

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
    parts, is_flat = transform_thumbnails(thumbnails)
    some = np.flatnonzero(~is_flat)
    parts = parts[:, some]
    alike = None if features is None or len(digests) < FEWEST_ALIKE else _AlikeFeatures(features)
    pairs: list[CopyPair] = []
    lowest = SURE if alike is None else LIKELY
    for first, second, correlation in walk_correlations(parts, lowest):
        if len(first) > MAX_PER_BLOCK:
            strongest = np.argsort(-correlation, kind="stable")[:MAX_PER_BLOCK]
            first, second, correlation = first[strongest], second[strongest], correlation[strongest]
        first, second = some[first], some[second]
        cosine = None if alike is None else alike.measure(first, second)
        is_copy = correlation >= SURE
        if cosine is not None:
            is_copy |= cosine >= ALIKE
        pairs += [
            CopyPair(
                digests[first[n]], digests[second[n]], "copy", round(float(correlation[n]), 4),
                None if cosine is None else round(float(cosine[n]), 4),
            )
            for n in np.flatnonzero(is_copy)
        ]  # fmt: skip
    progress(len(digests), len(digests))
    return sorted(pairs, key=lambda pair: (-pair.correlation, pair.first, pair.second))


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
