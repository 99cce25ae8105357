"""The embedded network answers as the Keras implementation of MobileNetV2 does, at every listed layer."""

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.engine.engine import Engine, plan_build

LAYERS = (
    "bn_Conv1",
    "expanded_conv_project_BN",
    "block_2_add",
    "block_5_add",
    "block_9_add",
    "block_12_add",
    "block_15_add",
    "block_16_project_BN",
    "out_relu",
)
TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def reference(reference_data):
    with np.load(reference_data / "mobilenet_v2_reference.npz") as file:
        return dict(file)


def make_waves(size: int) -> np.ndarray:
    """The three test images that the reference answers belong to."""
    k, i, j, c = np.ogrid[:3, :size, :size, :3]
    waves = 127.5 + 127.5 * np.sin(0.05 * (k + 1) * i + 0.03 * j + c + k)
    return np.clip(np.round(waves), 0, 255).astype(np.uint8)


def open_engine(size, **settings):
    backbone = load_backbone()
    build = plan_build(backbone.spec.weights_sha256, image_size=size, precision="f32", **settings)
    return Engine(backbone.weights, build)


@pytest.mark.parametrize("size", [160, 224])
def test_features_agree(reference, size):
    engine = open_engine(size)
    assert np.abs(engine.infer(make_waves(size)) - reference[f"{size}/features"]).max() < TOLERANCE


@pytest.mark.parametrize("size", [160, 224])
@pytest.mark.parametrize("layer", LAYERS)
def test_layers_agree(reference, size, layer):
    engine = open_engine(size, tensor=layer)
    means = engine.infer(make_waves(size)).mean((2, 3))
    assert np.abs(means - reference[f"{size}/mean/{layer}"]).max() < TOLERANCE
