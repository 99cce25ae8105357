"""Measures of photos' pixels, collected while photos are decoded: poor photos are found by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.features.decoded_rows import Row, RowCollector, RowKind
from headstart.features.extraction import PhotoFile
from headstart.features.feature_cache import FeatureCache
from headstart.pixels.photo_measures import MEASURING_RULES, N_MEASURES, measure_photo

_MEASURES = RowKind(
    "measures", table="measures", rules=MEASURING_RULES, make=measure_photo, shape=(N_MEASURES,), dtype="<f4"
)


class MeasureCollector(RowCollector):
    """Makes the measures of photos, (8,) float32 in the order of `PhotoMeasures`."""

    def __init__(self, setup: BackboneSetup, feature_cache: FeatureCache | None) -> None:
        super().__init__(_MEASURES, setup, feature_cache)


def stack_measures(photos: Sequence[PhotoFile], rows: Mapping[str, Row]) -> npt.NDArray[np.float32]:
    """Return the measures (N, 8) float32 of N photos from those by digest; NaN where they are not known."""
    stacked = np.full((len(photos), N_MEASURES), np.nan, np.float32)
    for number, photo in enumerate(photos):
        if photo.digest in rows:
            stacked[number] = rows[photo.digest]
    return stacked
