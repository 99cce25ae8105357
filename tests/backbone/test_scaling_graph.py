"""Photos are scaled inside the graph as the decoder scales them."""

import numpy as np
import onnxruntime
import pytest

from headstart.backbone.graph_file import UINT8, make_file, make_name, make_port
from headstart.backbone.scaling_graph import make_scaling_nodes, weigh_positions
from headstart.pixels.resizing import resize_pixels


@pytest.mark.parametrize(("from_px", "to_px"), [(128, 96), (320, 224), (260, 224), (512, 97)])
def test_values_are_those_of_the_decoder_up_to_rounding(from_px, to_px):
    pixels = np.random.default_rng(0).integers(0, 256, (2, from_px // 4, from_px // 4, 3), np.uint8)
    pixels = np.stack([resize_pixels(photo, from_px, from_px) for photo in pixels])  # smooth, as photos are
    name, nodes = make_scaling_nodes(from_px, to_px)
    ends = [make_port("input", "pixels", UINT8, ["n", from_px, from_px, 3]), make_port("output", name, UINT8, "nhwc")]
    network = make_file("test", b"".join([*nodes, make_name("scaling"), *ends]), {})
    scaled = onnxruntime.InferenceSession(network).run([name], {"pixels": pixels})[0]
    expected = np.stack([resize_pixels(photo, to_px, to_px) for photo in pixels])
    assert scaled.shape == (2, to_px, to_px, 3)
    apart = np.abs(scaled.astype(int) - expected)
    assert apart.max() <= 2
    assert (apart > 0).mean() < 0.01


def test_every_position_gets_weights_that_sum_to_one():
    weights = weigh_positions(260, 224)
    assert weights.shape == (224, 260)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    assert (weights != 0).sum(1).max() <= 6
    np.testing.assert_allclose(weights, weights[::-1, ::-1], atol=1e-6)
