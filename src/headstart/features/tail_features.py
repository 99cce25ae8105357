"""The features of photos whose activations at a cut are known: the part above the cut computes them.

Training above a cut has computed the activations of its photos in all their views. With the trained weights, only the
part above the cut is computed again, which is about a quarter of the network.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.features.activations import Activations
from headstart.features.cache_key import FeatureSpec
from headstart.features.extraction import PhotoFile, make_feature_spec
from headstart.features.fresh_activations import FreshActivations
from headstart.pixels.views import AS_IT_IS, View, ViewChoice
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.large_arrays import allocate_array, release_rows

ROWS_AT_ONCE = 1000  # that are read and computed before their memory is released


@dataclass(frozen=True, eq=False)
class TailFeatures:
    """Features of photos in some views, as `KnownFeatures`.

    Attributes
    ----------
    spec
        What decides the features besides photo and view.
    rows
        Position in ``matrix`` by the photo's digest and the view's description.
    matrix
        (n, D) float32.
    """

    spec: FeatureSpec
    rows: dict[tuple[str, str], int]
    matrix: npt.NDArray[np.float32]

    def fits(self, spec: FeatureSpec) -> bool:
        """Say whether these features are what an extraction by this spec would compute, up to rounding."""
        return spec == self.spec

    def find_problem(self, digest: str) -> str | None:
        """Return None: every photo was decoded."""
        del digest
        return None

    def get_many(self, wanted: Sequence[tuple[str, str]]) -> dict[int, npt.NDArray[np.float32]]:
        """Return the features (D,) by their position in ``wanted``, a list of digests and views."""
        return {n: self.matrix[self.rows[key]] for n, key in enumerate(wanted) if key in self.rows}


@dataclass(frozen=True, eq=False)
class CutActivations:
    """The activations of photos in some views, with their cut.

    Attributes
    ----------
    activations
        (V, N, H, W, C) for N ``photos`` in V ``views``.
    fresh
        Activations of these and other photos as they are, that this training has computed before. None: there are none.
    """

    activations: Activations
    photos: Sequence[PhotoFile]
    views: Sequence[View | ViewChoice]
    cut: str
    fresh: FreshActivations | None = None

    def compute_features(
        self, setup: BackboneSetup, wanted: Collection[tuple[str, View]], progress: Progress = ignore_progress
    ) -> TailFeatures | None:
        """Return the features that a network with other weights above the cut gives.

        They equal those of the whole network up to rounding; where this was tried, bit for bit.

        Parameters
        ----------
        setup
            Network with the same weights below the cut.
        wanted
            Digests of photos, each with a view. Those without activations are left out.

        Returns
        -------
        None if the activations are pixels, or in float16, to which the whole network does not round.
        """
        array = self.activations.array
        if array.dtype != np.float32:
            return None
        known = {
            (photo.digest, view.choose(photo.digest)): (number, n)
            for number, view in enumerate(self.views)
            for n, photo in enumerate(self.photos)
        }
        rows = {key: array[item] for key, item in known.items() if key in wanted}
        if self.fresh is not None:
            some = ((digest, view) for digest, view in wanted if view == AS_IT_IS and digest in self.fresh.rows)
            rows |= {(digest, view): self.fresh.array[self.fresh.rows[digest]] for digest, view in some}
        found = list(rows)
        matrix = allocate_array((len(found), setup.spec.n_features))
        engine = setup.open_engine_above(self.cut)
        for n_done, (_, row) in enumerate(engine.stream(found, lambda key: rows[key]), 1):
            matrix[n_done - 1] = row
            if n_done % ROWS_AT_ONCE == 0:
                self._release()
                release_rows(matrix)
            progress(n_done, len(found))
        self._release()
        at = {(digest, view.describe()): i for i, (digest, view) in enumerate(found)}
        return TailFeatures(make_feature_spec(setup), at, matrix)

    def _release(self) -> None:
        self.activations.release()
        if self.fresh is not None:
            self.fresh.release()
