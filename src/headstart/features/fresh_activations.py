"""Activations at a cut that the first extraction of a training has computed on its way to the features.

Training above that cut begins with them, so that no photo passes the layers below the cut twice as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.features.cache_key import FeatureSpec
from headstart.features.extraction import PhotoFile, make_feature_spec
from headstart.pixels.views import AS_IT_IS, View, ViewChoice
from headstart.storage.large_arrays import Array, allocate_array, release_rows

ROWS_AT_ONCE = 1000  # that are written before their memory is released


@dataclass(frozen=True, eq=False)
class FreshActivations:
    """The activations of photos as they are, in memory or in a temporary file.

    Attributes
    ----------
    spec
        What decides the activations besides the photo; ``tensor`` is the layer at the cut.
    array
        (N, H, W, C) float32, of which the first ``len(rows)`` are filled.
    rows
        Position in ``array`` by the photo's digest.
    """

    spec: FeatureSpec
    array: Array
    rows: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def tensor(self) -> str:
        """Name of the layer at the cut."""
        return self.spec.tensor

    def add(self, digest: str, activation: npt.NDArray[np.float32]) -> None:
        """Keep the activation (C, H, W) of a photo. Several threads may call it at once."""
        with self._lock:
            row = self.rows.setdefault(digest, len(self.rows))
        self.array[row] = activation.transpose(1, 2, 0)
        if (row + 1) % ROWS_AT_ONCE == 0:
            self.release()

    def release(self) -> None:
        """Release the memory that writing and reading have filled, if the array is in a file."""
        release_rows(self.array)

    def find_all(
        self, photos: Sequence[PhotoFile], views: Sequence[View | ViewChoice]
    ) -> dict[tuple[int, int], npt.NDArray[Any]]:
        """Return the known activations (H, W, C) of photos in views, by the numbers of view and photo."""
        found = {}
        for number, view in enumerate(views):
            for n, photo in enumerate(photos):
                if photo.digest in self.rows and view.choose(photo.digest) == AS_IT_IS:
                    found[number, n] = self.array[self.rows[photo.digest]]
        return found

    def fits(self, setup: BackboneSetup, cut: str) -> bool:
        """Say whether these are the activations at a cut of a network."""
        return self.spec == make_activation_spec(setup, cut)


def make_activation_spec(setup: BackboneSetup, cut: str) -> FeatureSpec:
    """Return the spec of the activations at a cut."""
    return replace(make_feature_spec(setup), tensor=setup.spec.find_stage(cut).tensor)


def allocate_activations(photos: Sequence[PhotoFile], setup: BackboneSetup, cut: str) -> FreshActivations:
    """Make room for the activations of photos at a cut, of which none is known yet."""
    array = allocate_array((len(photos), *setup.find_activation_shape(cut)), what="activations")
    return FreshActivations(make_activation_spec(setup, cut), array)
