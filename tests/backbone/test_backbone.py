"""A setup plans the engine of its backbone, and checks the image size."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.engine.engine import plan_build
from headstart.errors import BackboneError


def test_a_setup_plans_the_build_of_its_network():
    backbone = load_backbone()
    spec = backbone.spec
    expected = plan_build(
        spec.weights_sha256, image_size=96, precision="f32", tensor="Conv1", float32_below=spec.float32_below, n_cores=1
    )
    assert BackboneSetup(backbone, 96, "f32").plan_build(tensor="Conv1", n_cores=1) == expected


def test_a_quantised_backbone_runs_in_int8_at_every_cut():
    setup = BackboneSetup(replace(load_backbone(), is_quantised=True), 96)
    assert setup.choose_precision() == "int8"
    assert setup.plan_build(tensor="Conv1").precision == "int8"


@pytest.mark.parametrize("cut", ["stem", "block_12", "block_15"])
def test_the_part_above_a_cut_gives_the_features_of_the_whole_network(cut):
    pixels = np.random.default_rng(0).integers(0, 255, (19, 96, 96, 3), np.uint8)
    setup = BackboneSetup(load_backbone(), 96, "f32")
    activations = setup.open_engine(tensor=setup.spec.find_stage(cut).tensor).infer(pixels)
    engine = setup.open_engine_above(cut)
    features = engine.infer(np.ascontiguousarray(activations.transpose(0, 2, 3, 1)))
    np.testing.assert_allclose(features, setup.open_engine().infer(pixels), rtol=1e-5, atol=1e-5)


def test_a_setup_refuses_an_image_size_that_the_network_does_not_take():
    with pytest.raises(BackboneError, match="image size 50"):
        BackboneSetup(load_backbone(), 50)
