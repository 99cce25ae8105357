"""One engine for few photos, one for many, and the same bits from both."""

import numpy as np

from headstart.classifier.engines import FEW, ClassifierEngines
from headstart.classifier.file import parse_classifier


def test_few_photos_have_an_engine_of_their_own_that_is_opened_once(classifier_bytes):
    engines = ClassifierEngines(parse_classifier(classifier_bytes), "f32")
    few, many = engines.choose(FEW), engines.choose(FEW + 1)
    assert few is engines.choose(1) is not many
    assert many is engines.choose(1000)
    assert few.batch_size == 1
    pixels = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), np.uint8)
    assert few.infer(pixels).tobytes() == many.infer(pixels).tobytes()
