"""Networks side by side give their features side by side, each from photos of its own size."""

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.graph_file import take_apart
from headstart.backbone.loading import load_backbone
from headstart.backbone.pooled_stages import choose_pooled_stages, pool_stages
from headstart.backbone.quantising import quantise_backbone
from headstart.backbone.side_by_side import join_networks
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError
from headstart.pixels.resizing import resize_pixels

PLAIN = load_backbone()
COARSE = np.random.default_rng(0).integers(0, 255, (4, 16, 16, 3), np.uint8)
PIXELS = np.stack([resize_pixels(photo, 128, 128) for photo in COARSE])
SMALL = np.stack([resize_pixels(photo, 96, 96) for photo in PIXELS])


def infer(backbone, pixels, precision="f32"):
    return BackboneSetup(backbone, pixels.shape[1], precision).open_engine().infer(pixels)


@pytest.fixture(scope="module")
def twice():
    return join_networks([(PLAIN, 96), (PLAIN, 128)])


def test_each_part_gives_what_the_network_gives_alone(twice):
    features = infer(twice, PIXELS)
    assert features.shape == (4, 2560)
    np.testing.assert_allclose(features[:, 1280:], infer(PLAIN, PIXELS), atol=1e-4)
    # a few pixels differ by 1, as the graph does not compute in integers
    alone = infer(PLAIN, SMALL)
    assert np.abs(features[:, :1280] - alone).mean() < 0.02 * alone.mean()
    np.testing.assert_allclose(features[:, :1280].mean(), alone.mean(), rtol=0.01)


def test_the_spec_describes_both(twice):
    spec = twice.spec
    assert spec.name == "mobilenet_v2@96+mobilenet_v2@128"
    assert (spec.n_features, spec.n_last_features) == (2560, 2560)
    assert (spec.min_image_size, spec.image_size, spec.max_image_size) == (128, 128, 128)
    assert spec.n_parameters == PLAIN.spec.n_parameters
    assert spec.float32_below == tuple(f"mobilenet_v2@{n}/{PLAIN.spec.stages[1].tensor}" for n in (96, 128))
    assert [stage.name for stage in spec.last_stages] == ["mobilenet_v2@96/top", "mobilenet_v2@128/top"]
    assert spec.list_sides(128) == PLAIN.spec.list_sides(96) + PLAIN.spec.list_sides(128)
    assert BackboneSpec.from_dict(spec.to_dict()) == spec
    assert spec.licence == PLAIN.spec.licence


def test_the_file_is_valid_with_the_same_bytes_every_time_and_the_weights_once(twice):
    onnx.checker.check_model(onnx.load_from_string(twice.weights), full_check=True)
    assert join_networks([(PLAIN, 96), (PLAIN, 128)]) == twice
    assert len(twice.weights) < 1.1 * len(PLAIN.weights)
    assert take_apart(twice.weights).entries == take_apart(PLAIN.weights).entries
    assert join_networks([(PLAIN, 96), (PLAIN, 160)]).spec.fingerprint() != twice.spec.fingerprint()


def test_onnx_runtime_computes_the_same(twice):
    theirs = onnxruntime.InferenceSession(twice.weights).run(["features"], {"pixels": PIXELS})[0]
    np.testing.assert_allclose(infer(twice, PIXELS), theirs, atol=2e-3)


def test_another_precision_changes_features_no_more_than_with_one_network(twice):
    """Scaling and the first stages of both networks stay in float32."""
    exact, rough = infer(twice, PIXELS), infer(twice, PIXELS, "auto")
    alone = infer(PLAIN, PIXELS), infer(PLAIN, PIXELS, "auto")
    assert np.abs(rough - exact).mean() <= 1.5 * np.abs(alone[0] - alone[1]).mean()


def test_all_stages_of_both_are_pooled_and_the_last_stages_come_last(twice):
    wide = pool_stages(twice)
    stages = choose_pooled_stages(twice.spec)
    assert [stage.name for stage in stages[-2:]] == ["mobilenet_v2@96/top", "mobilenet_v2@128/top"]
    assert len(stages) == 2 * len(choose_pooled_stages(PLAIN.spec))
    assert wide.spec.n_features == sum(stage.n_channels for stage in stages) == 2 * 1976
    features = infer(wide, PIXELS)
    np.testing.assert_allclose(features[:, -2560:], infer(twice, PIXELS), atol=1e-5)
    of_second = infer(pool_stages(PLAIN), PIXELS)
    n_lower = 1976 - 1280
    np.testing.assert_allclose(features[:, n_lower : 2 * n_lower], of_second[:, :n_lower], atol=1e-4)


def test_convolutions_of_both_are_quantised_and_scaling_is_not(twice):
    quantised = quantise_backbone(twice, PIXELS)
    graph = onnx.load_from_string(quantised.weights).graph
    of_integers = {node.output[0] for node in graph.node if node.op_type == "DequantizeLinear"}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 2 * 52
    assert all(node.input[0] in of_integers and node.input[1] in of_integers for node in convolutions)
    assert not [node.name for node in graph.node if node.op_type == "MatMul" and of_integers & set(node.input)]
    assert quantised.spec.float32_below == ()
    exact, rough = infer(twice, PIXELS), infer(quantised, PIXELS)
    assert np.sqrt(np.square(rough - exact).mean()) < 0.35 * exact.std()


def test_a_network_of_a_user_with_a_higher_opset_stands_beside_the_embedded_one(network):
    other = load_backbone(str(network))
    size = other.spec.image_size
    joined = join_networks([(PLAIN, 96), (other, size)])
    side = max(96, size)
    pixels = np.stack([resize_pixels(photo, side, side) for photo in PIXELS])
    small = np.stack([resize_pixels(photo, size, size) for photo in pixels])
    features = infer(joined, pixels)[:, 1280:]
    alone = infer(other, small)
    assert np.abs(features - alone).mean() <= 0.02 * np.abs(alone).mean() + 1e-5


def test_what_cannot_stand_side_by_side_is_refused():
    with pytest.raises(BackboneError, match="got 'mobilenet_v2' twice in the same image size"):
        join_networks([(PLAIN, 224), (PLAIN, 224)])
    with pytest.raises(BackboneError, match="got 4 networks, need 2 to 3"):
        join_networks([(PLAIN, size) for size in (96, 128, 160, 192)])
    with pytest.raises(BackboneError, match="96 to 512 pixels"):
        join_networks([(PLAIN, 224), (PLAIN, 600)])
    older = replace(PLAIN, weights=PLAIN.weights.replace(b"B\x04\n\x00\x10\x11", b"B\x04\n\x00\x10\x0e"))
    with pytest.raises(BackboneError, match="with opset 14 beside one with opset 17"):
        join_networks([(PLAIN, 96), (older, 128)])
