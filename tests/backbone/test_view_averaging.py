"""The graph makes the views of `pixels.views` in their order, and averages their features."""

import numpy as np
import onnx
import onnxruntime
import pytest

from headstart.backbone.graph_file import FLOAT, UINT8, make_name, make_node, make_port, take_apart
from headstart.backbone.loading import load_backbone
from headstart.backbone.view_averaging import MOVES, N_VIEWS, PIXELS, average_in_graph, average_views
from headstart.pixels.views import SYMMETRIES, render_view

PHOTOS = np.random.default_rng(0).integers(0, 255, (3, 8, 8, 3), np.uint8)


def test_every_symmetry_has_a_move():
    assert len(MOVES) == len(SYMMETRIES) == N_VIEWS[-1]


@pytest.mark.parametrize("n_views", N_VIEWS[1:])
def test_views_are_made_and_averaged_in_the_graph(n_views):
    # a network whose features are the pixels themselves
    trunk = make_node("Cast", ["pixels"], "real", to=FLOAT) + make_node("Flatten", ["real"], "features", axis=1)
    ends = make_port("input", "pixels", UINT8, ["n", 8, 8, 3]) + make_port("output", "features", FLOAT, ["n", 192])
    ends += make_port("output", PIXELS, UINT8, ["m", 8, 8, 3]) + make_name("views")
    data = take_apart(load_backbone().weights).join(average_in_graph(trunk, n_views, 192) + ends, {})
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    features, views = onnxruntime.InferenceSession(data).run(None, {"pixels": PHOTOS})
    rendered = np.stack([[render_view(photo, view) for photo in PHOTOS] for view in SYMMETRIES[:n_views]])
    np.testing.assert_array_equal(views.reshape(rendered.shape), rendered)
    expected = average_views(rendered.astype(np.float32)).reshape(3, 192)
    np.testing.assert_allclose(features, expected, rtol=1e-5)
