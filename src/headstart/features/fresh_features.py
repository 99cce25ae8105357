"""Features that an earlier step of the same training computed, so that no step computes them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from headstart.features.cache_key import FeatureSpec
from headstart.features.extraction import Features, PhotoFile
from headstart.features.fresh_activations import FreshActivations
from headstart.pixels.views import AS_IT_IS
from headstart.storage.large_arrays import take_rows


class FreshFeatures:
    """The features of photos as they are, in memory or in a temporary file.

    Damaged photos are not among them: the next step reads these again, and reports the damage.

    Parameters
    ----------
    spec
        What decides the features besides the photo.
    photos, features
        N photos and their features.
    decoded
        Digests of the photos whose features were computed, and not read from a cache.
    measures
        (N, 8) float32 measures of the photos, see `PhotoMeasures`; NaN where they are not known.
    activations
        Activations of the photos whose features were computed, at the cut above which the training goes on. None: they
        were not kept.
    """

    def __init__(
        self, spec: FeatureSpec, photos: Sequence[PhotoFile], features: Features, decoded: Collection[str],
        measures: npt.NDArray[np.float32] | None = None, activations: FreshActivations | None = None,
    ) -> None:  # fmt: skip
        self.activations = activations
        self._spec, self._matrix, self._measures = spec, features.matrix, measures
        self._decoded = frozenset(decoded)
        self._problems = {photos[n].digest: reason for n, reason in features.failures.items()}
        self._rows = {
            photo.digest: n
            for n, photo in enumerate(photos)
            if n not in features.failures and n not in features.damaged
        }

    def fits(self, spec: FeatureSpec) -> bool:
        """Say whether these features are what an extraction by this spec would compute."""
        return spec == self._spec

    def find_problem(self, digest: str) -> str | None:
        """Return the reason if a photo cannot be decoded; None for other photos."""
        return self._problems.get(digest)

    def get_many(self, wanted: Sequence[tuple[str, str]]) -> dict[int, npt.NDArray[np.float32]]:
        """Return the features (D,) by their position in ``wanted``, a list of digests and views."""
        as_it_is = AS_IT_IS.describe()
        found = {
            n: self._rows[digest]
            for n, (digest, view) in enumerate(wanted)
            if view == as_it_is and digest in self._rows
        }
        return dict(zip(found, take_rows(self._matrix, list(found.values())), strict=True))

    def get_measures(self, photos: Sequence[PhotoFile]) -> npt.NDArray[np.float32] | None:
        """Return the measures (n, 8) of n photos; NaN where they are not known. None: no measures are known."""
        if self._measures is None:
            return None
        found = np.full((len(photos), self._measures.shape[1]), np.nan, np.float32)
        at = [(n, self._rows[photo.digest]) for n, photo in enumerate(photos) if photo.digest in self._rows]
        if at:
            here, rows = zip(*at, strict=True)
            found[list(here)] = self._measures[list(rows)]
        return found

    def count_computed(self, photos: Sequence[PhotoFile]) -> int:
        """Count the photos whose features are among these and were computed in this training."""
        return sum(photo.digest in self._decoded and photo.digest in self._rows for photo in photos)
