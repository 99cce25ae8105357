"""The time of one prediction on this machine."""

from __future__ import annotations

import numpy as np

from headstart.backbone.timing import time_fastest
from headstart.classifier.classifier import Classifier


def measure_ms_per_photo(classifier: Classifier) -> float:
    """Return the milliseconds of one prediction, without decoding (under a second, more for large networks)."""
    side = classifier.image_size
    pixels = np.zeros((1, side, side, 3), np.uint8)
    classifier.predict_pixels(pixels)  # compiles the network
    return 1000 * time_fastest(lambda: classifier.predict_pixels(pixels))
