"""The trainable network computes what the engine computes, at every cut."""

import numpy as np
import pytest
import torch

from headstart.backbone.loading import load_backbone
from headstart.engine.engine import Engine, plan_build
from headstart.errors import BackboneError
from headstart.tune.graph import Graph, Node, read_graph, replace_weights
from headstart.tune.network import Tail

TENSORS = [stage.tensor for stage in load_backbone().spec.stages]
PIXELS = np.random.default_rng(0).integers(0, 255, (2, 96, 96, 3), np.uint8)


def infer(backbone, tensor):
    build = plan_build(backbone.spec.weights_sha256, image_size=96, precision="f32", tensor=tensor)
    return Engine(backbone.weights, build).infer(PIXELS)


@pytest.fixture(scope="session")
def features(backbone):
    return infer(backbone, "features")


@pytest.mark.slow
@pytest.mark.parametrize("tensor", TENSORS)
def test_every_stage_leads_to_the_same_features(backbone, graph, features, tensor):
    tail = Tail(graph, tensor, "features").eval()
    with torch.no_grad():
        found = tail(torch.from_numpy(infer(backbone, tensor))).numpy()
    np.testing.assert_allclose(found, features, atol=1e-3)


@pytest.mark.slow
def test_every_stage_is_the_same_from_pixels_on(backbone, graph):
    for tensor in TENSORS[::6]:
        tail = Tail(graph, "pixels", tensor).eval()
        with torch.no_grad():
            found = tail(torch.from_numpy(PIXELS).float()).numpy()
        np.testing.assert_allclose(found, infer(backbone, tensor), atol=1e-3)


@pytest.mark.slow
def test_trained_norms_evaluate_as_the_engine_does(backbone, graph, features):
    tail = Tail(graph, "pixels", "features", is_norm_trained=True)
    with torch.no_grad():
        np.testing.assert_allclose(tail.eval()(torch.from_numpy(PIXELS)).numpy(), features, atol=1e-3)
        assert np.abs(tail.train()(torch.from_numpy(PIXELS)).numpy() - features).max() > 0.1


def test_untrained_weights_are_written_back_byte_for_byte(backbone, graph):
    assert replace_weights(backbone.weights, Tail(graph, "pixels", "features").export()) == backbone.weights


def test_trained_weights_give_the_same_features_in_the_engine(backbone, graph):
    tail = Tail(graph, "block_12_add", "features")
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in tail.parameters():
            parameter.add_(0.02 * parameter.std() * torch.randn(parameter.shape, generator=generator))
    weights = replace_weights(backbone.weights, tail.export())
    build = plan_build("changed", image_size=96, precision="f32")
    engine = Engine(weights, build).infer(PIXELS)
    with torch.no_grad():
        ours = tail.eval()(torch.from_numpy(infer(backbone, "block_12_add"))).numpy()
    np.testing.assert_allclose(engine, ours, atol=1e-3)
    assert np.abs(engine - infer(backbone, "features")).max() > 0.01


def test_random_weights_follow_from_the_seed(graph):
    one, other = (Tail(graph, "block_15_add", "features", is_norm_trained=True) for _ in range(2))
    for tail in (one, other):
        tail.randomise(torch.Generator().manual_seed(3))
    drawn = one.export()
    assert all((drawn[name] == value).all() for name, value in other.export().items())
    assert (drawn["block_16_project_BN/scale"] == 1).all()
    assert (drawn["block_16_project/kernel"] != graph.weights["block_16_project/kernel"]).mean() > 0.99


def test_a_tail_that_needs_more_than_its_start_is_refused(graph):
    with pytest.raises(BackboneError, match=r"'block_2_expand_BN'.*'block_2_add' does not follow from it alone"):
        Tail(graph, "block_2_expand_BN", "block_2_add")


def test_unknown_layers_are_refused():
    graph = Graph((Node("Selu", ("x",), "y", {}),), {})
    with pytest.raises(BackboneError, match=r"unknown kinds .*Selu"):
        Tail(graph, "x", "y")


@pytest.mark.slow
def test_recomputed_layers_get_the_same_gradients_and_their_norms_learn_once(graph):
    pixels = torch.from_numpy(PIXELS)
    kept, again = (
        Tail(graph, "pixels", "block_2_add", is_norm_trained=True, recomputed=names)
        for names in ((), ("expanded_conv_project_BN", "block_1_project_BN"))
    )
    for tail in (kept, again):
        for _ in range(3):  # one step must not change the next
            tail.zero_grad()
            torch.autograd.backward(tail.train()(pixels).square().mean())
    for one, other in zip(kept.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-5)
    changed = kept.export()
    for name, value in changed.items():
        np.testing.assert_allclose(again.export()[name], value, rtol=1e-5, atol=1e-6)
    assert (changed["block_1_project_BN/mean"] != graph.weights["block_1_project_BN/mean"]).all()


@pytest.fixture(scope="module")
def foreign(network):
    return load_backbone(str(network))


@pytest.mark.parametrize("tensor", ["pixels", "stride_2", "stride_4", "stride_8"])
def test_a_foreign_network_is_computed_as_in_the_engine(foreign, tensor):
    """The network has biases, symmetric padding, gates, pools and a batch norm behind a convolution."""
    pixels = np.random.default_rng(3).integers(0, 256, (2, 64, 64, 3), np.uint8)
    if tensor == "pixels":
        below = torch.from_numpy(pixels).float()
    else:
        tensor = foreign.spec.find_stage(tensor).tensor
        build = plan_build(foreign.spec.weights_sha256, image_size=64, precision="f32", tensor=tensor)
        below = torch.from_numpy(Engine(foreign.weights, build).infer(pixels))
    build = plan_build(foreign.spec.weights_sha256, image_size=64, precision="f32")
    expected = Engine(foreign.weights, build).infer(pixels)
    with torch.no_grad():
        ours = Tail(read_graph(foreign.weights), tensor, "features").eval()(below).numpy()
    np.testing.assert_allclose(ours, expected, atol=2e-5)
