"""One engine for few photos, one for many, and the same bits from both."""

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.backbone.pooled_stages import pool_stages
from headstart.classifier.build import build_classifier
from headstart.classifier.engines import FEW, ClassifierEngines
from headstart.classifier.file import parse_classifier
from headstart.engine.processor import choose_precision
from headstart.pixels.views import SYMMETRIES, render_view


def test_few_photos_have_an_engine_of_their_own_that_is_opened_once(classifier_bytes):
    engines = ClassifierEngines(parse_classifier(classifier_bytes), "f32")
    few, many = engines.choose(FEW), engines.choose(FEW + 1)
    assert few is engines.choose(1) is not many
    assert many is engines.choose(1000)
    assert few.batch_size == 1
    pixels = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), np.uint8)
    assert few.infer(pixels).tobytes() == many.infer(pixels).tobytes()


@pytest.mark.skipif(choose_precision() != "bf16", reason="needs a processor that computes in bf16")
@pytest.mark.parametrize("n_views", [1, 2])
def test_in_bf16_a_classifier_gives_the_features_that_it_was_fitted_to(change_metadata, n_views):
    backbone = pool_stages(load_backbone(), "wide")
    weights = np.zeros((backbone.spec.n_features, 3), np.float32)
    metadata = change_metadata(spec=backbone.spec, precision="bf16", n_averaged=n_views)
    engines = ClassifierEngines(parse_classifier(build_classifier(backbone, weights, weights[0], metadata)), "bf16")
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    views = np.stack([render_view(pixels, view) for view in SYMMETRIES[:n_views]])
    fitted_to = BackboneSetup(backbone, 96, "bf16").open_engine().infer(views)
    np.testing.assert_array_equal(engines.extract(pixels[None])[0], fitted_to.mean(0, dtype=np.float32))
