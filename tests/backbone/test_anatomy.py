"""Where networks of several kinds end as feature extractors: what goes into their last linear layer is found."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from headstart.backbone.engine import Engine, plan_build
from headstart.backbone.loading import load_backbone

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)


def convolve(n_in, n_out):
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, 2, 1), nn.BatchNorm2d(n_out), nn.ReLU())


def make_body():
    return nn.Sequential(convolve(3, 8), convolve(8, 16))


MEAN = (nn.AdaptiveAvgPool2d(1), nn.Flatten())
KINDS = {
    "a linear layer on means": (nn.Sequential(make_body(), *MEAN), nn.Linear(16, 5), True),
    "softmax behind it": (nn.Sequential(make_body(), *MEAN), nn.Sequential(nn.Linear(16, 5), nn.Softmax(1)), True),
    "two classes in one number": (
        nn.Sequential(make_body(), *MEAN, nn.Linear(16, 20), nn.ReLU()),
        nn.Sequential(nn.Linear(20, 1), nn.Sigmoid()), False,
    ),
    "a map made flat, as VGG has it": (
        nn.Sequential(make_body(), nn.Flatten(), nn.Linear(16 * 16 * 16, 32), nn.ReLU()),
        nn.Sequential(nn.Dropout(), nn.Linear(32, 5)), False,
    ),
    "a convolution on means, as MobileNetV3 has it": (
        nn.Sequential(make_body(), nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 24, 1), nn.Hardswish(), nn.Flatten()),
        nn.Linear(24, 5), False,
    ),
    "scores averaged over the photo, as SqueezeNet has them": (
        make_body(), nn.Sequential(nn.Conv2d(16, 5, 1), *MEAN, nn.Softmax(1)), True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("opset", [11, 17, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_features_are_what_goes_into_the_last_linear_layer(kind, opset, tmp_path):
    body, head, is_mean = KINDS[kind]
    path = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            nn.Sequential(body, head).eval(), (torch.zeros(1, 3, 64, 64),), str(path), input_names=["x"],
            dynamic_axes={"x": {0: "n"}}, dynamo=False, opset_version=opset,
        )  # fmt: skip
    path.with_suffix(".toml").write_text("value_range = [0, 1]\n")
    with torch.no_grad():
        expected = body(torch.from_numpy(PIXELS).permute(0, 3, 1, 2) / 255).numpy()
    expected = expected.mean((2, 3)) if expected.ndim == 4 else expected
    backbone = load_backbone(str(path))
    build = plan_build(backbone.spec.weights_sha256, image_size=64, precision="f32")
    np.testing.assert_allclose(Engine(backbone.weights, build).infer(PIXELS), expected, atol=1e-5)
    assert (backbone.spec.stages[-1].tensor != "features") == is_mean
    assert backbone.spec.stages[0].stride == 2
