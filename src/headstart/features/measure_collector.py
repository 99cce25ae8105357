"""Measures of photos' pixels, collected while photos are decoded: poor photos are found by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.features.decoded_rows import Row, RowCollector, RowKind
from headstart.features.extraction import PhotoFile
from headstart.features.feature_cache import FeatureCache
from headstart.pixels.photo_measures import MEASURING_RULES, N_MEASURES, measure_photo, measure_samples, sample_photo

AT_ONCE = 12  # photos that are measured together; of 32, the arrays would be fresh memory each time
_MEASURES = RowKind(
    "measures", table="measures", rules=MEASURING_RULES, make=measure_photo, shape=(N_MEASURES,), dtype="<f4"
)


class MeasureCollector(RowCollector):
    """Makes the measures of photos, (8,) float32 in the order of `PhotoMeasures`."""

    def __init__(self, setup: BackboneSetup, feature_cache: FeatureCache | None) -> None:
        super().__init__(_MEASURES, setup, feature_cache)
        self._samples: dict[str, npt.NDArray[np.uint8]] = {}
        self._lock = Lock()

    def add(self, photo: PhotoFile, pixels: npt.NDArray[np.uint8]) -> None:
        """Keep a sample of a photo's pixels, and measure the photos of `AT_ONCE` samples."""
        sample = sample_photo(pixels)
        with self._lock:
            self.decoded.add(photo.digest)
            self._samples[photo.digest] = sample
            if len(self._samples) < AT_ONCE:
                return
            samples, self._samples = self._samples, {}
        self._measure(samples)

    def _finish(self) -> None:
        samples, self._samples = self._samples, {}
        self._measure(samples)

    def _measure(self, samples: Mapping[str, npt.NDArray[np.uint8]]) -> None:
        if samples:
            rows = measure_samples(list(samples.values()), self._setup.image_size)
            self._made.update(zip(samples, rows, strict=True))


def stack_measures(photos: Sequence[PhotoFile], rows: Mapping[str, Row]) -> npt.NDArray[np.float32]:
    """Return the measures (N, 8) float32 of N photos from those by digest; NaN where they are not known."""
    stacked = np.full((len(photos), N_MEASURES), np.nan, np.float32)
    for number, photo in enumerate(photos):
        if photo.digest in rows:
            stacked[number] = rows[photo.digest]
    return stacked
