"""A quantised backbone has the same bytes for the same photos, and features near those of the original."""

import hashlib
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import numpy as np
import onnx
import onnxruntime
import pytest

from headstart.backbone import quantising
from headstart.backbone.loading import load_backbone
from headstart.backbone.quantising import describe_quantiser, quantise_backbone, wrap_quantised
from headstart.engine.engine import Engine, plan_build
from headstart.errors import BackboneError, MissingExtraError

BACKBONE = load_backbone()


def draw_pixels(n_photos: int) -> np.ndarray:
    """Draw smooth photos: coarse noise, enlarged."""
    coarse = np.random.default_rng(0).integers(0, 255, (n_photos, 12, 12, 3), np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


PIXELS = draw_pixels(16)


@pytest.fixture(scope="module")
def quantised():
    return quantise_backbone(BACKBONE, PIXELS[:8])


@pytest.fixture(scope="module")
def graph(quantised):
    return onnx.load_from_string(quantised.weights).graph


def extract(backbone, **options):
    settings = {"image_size": 96, "is_quantised": backbone.is_quantised, **options}
    return Engine(backbone.weights, plan_build(backbone.spec.weights_sha256, **settings)).infer(PIXELS)


@pytest.mark.slow
def test_the_same_photos_give_the_same_bytes_in_any_process(quantised, tmp_path):
    np.save(tmp_path / "pixels.npy", PIXELS[:8])
    ask = (
        "import sys, numpy; from headstart.backbone.loading import load_backbone; "
        "from headstart.backbone.quantising import quantise_backbone; "
        "print(quantise_backbone(load_backbone(), numpy.load(sys.argv[1])).spec.weights_sha256)"
    )
    for seed in ("1", "2"):
        command = [sys.executable, "-c", ask, str(tmp_path / "pixels.npy")]
        printed = subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": seed})
        assert printed.stdout.strip() == quantised.spec.weights_sha256


def test_other_photos_give_other_bytes(quantised):
    assert quantise_backbone(BACKBONE, PIXELS[8:]).weights != quantised.weights


def test_its_spec_differs_from_that_of_the_original(quantised):
    assert quantised.is_quantised
    assert quantised.spec.name == BACKBONE.spec.name
    assert quantised.spec.weights_sha256 == hashlib.sha256(quantised.weights).hexdigest()
    assert quantised.spec.fingerprint() != BACKBONE.spec.fingerprint()
    assert quantised.spec.float32_below == ()
    assert wrap_quantised(BACKBONE, quantised.weights) == quantised


def test_it_is_valid_onnx_with_standard_operators_and_a_quarter_of_the_size(quantised):
    model = onnx.load_from_string(quantised.weights)
    onnx.checker.check_model(model, full_check=True)
    assert len(quantised.weights) < 0.3 * len(BACKBONE.weights)
    assert [entry.domain for entry in model.opset_import] == [""]
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["licence"] == "Apache-2.0"
    assert not any(key.startswith("onnx.") for key in facts)


def test_its_features_are_near_those_of_the_original(quantised):
    exact, rough = extract(BACKBONE, precision="f32"), extract(quantised)
    assert np.sqrt(np.square(rough - exact).mean()) < 0.35 * exact.std()


def test_onnx_runtime_computes_similar_features(quantised):
    theirs = onnxruntime.InferenceSession(quantised.weights).run(["features"], {"pixels": PIXELS})[0]
    assert np.sqrt(np.square(extract(quantised) - theirs).mean()) < 0.25 * theirs.std()


def test_settings_of_the_engine_change_no_bit(quantised):
    np.testing.assert_array_equal(extract(quantised), extract(quantised, precision="f32"))
    np.testing.assert_array_equal(extract(quantised), extract(quantised, precision="int8", batch_size=1, n_cores=1))
    with pytest.raises(BackboneError, match="quantised to int8 and has no other precision"):
        extract(quantised, precision="bf16")


def test_every_convolution_is_quantised_and_the_mean_is_not(graph):
    makers = {node.output[0]: node.op_type for node in graph.node}
    assert {makers.get(node.input[1]) for node in graph.node if node.op_type == "Conv"} == {"DequantizeLinear"}
    assert makers["features"] == "Flatten"


def test_the_weights_of_the_stem_have_seven_bits(graph):
    makers = {node.output[0]: node for node in graph.node}
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    first, second, *_ = [makers[node.input[1]] for node in graph.node if node.op_type == "Conv"]
    assert np.abs(values[first.input[0]].astype(int)).max() <= 64
    assert np.abs(values[second.input[0]].astype(int)).max() == 127


def test_progress_ends_at_the_number_of_photos():
    seen = []
    quantise_backbone(BACKBONE, PIXELS[:3], progress=lambda *numbers: seen.append(numbers))
    assert seen[-1] == (3, 3)


def test_no_photos_and_a_quantised_backbone_are_refused(quantised):
    with pytest.raises(BackboneError, match="got no photos"):
        quantise_backbone(BACKBONE, PIXELS[:0])
    with pytest.raises(BackboneError, match="quantised already"):
        quantise_backbone(quantised, PIXELS)


def test_a_missing_onnxruntime_is_reported_with_its_extra(monkeypatch):
    def find(name, package):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(quantising, "find_version", find)
    with pytest.raises(MissingExtraError, match=r"pip install 'headstart\[int8\]'"):
        describe_quantiser()
