"""The features of several kinds of networks are found: the input of the last linear layer."""

import warnings

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.errors import BackboneError

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


@pytest.mark.slow
@pytest.mark.parametrize("opset", [9, 11, 17, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_features_are_the_input_of_the_last_linear_layer(kind, opset, tmp_path):
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
    np.testing.assert_allclose(infer(path), expected, atol=1e-5)
    assert (backbone.spec.stages[-1].tensor != "features") == is_mean
    assert backbone.spec.stages[0].stride == 2


class Other(nn.Module):
    """Body and end of a network by a function."""

    def __init__(self, end, head=None):
        super().__init__()
        self.body, self.head, self.end = make_body(), head or nn.Linear(16, 5), end
        self.last = nn.Conv2d(16, 5, 1)

    def forward(self, x):
        return self.end(self, self.body(x))


def export(module, tmp_path, *, is_headless=False):
    path = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), (torch.zeros(1, 3, 64, 64),), str(path), input_names=["x"], dynamic_axes={"x": {0: "n"}},
            dynamo=False, opset_version=17,
        )  # fmt: skip
    named = f"features = '{onnx.load(path).graph.output[0].name}'\n" if is_headless else ""
    path.with_suffix(".toml").write_text(f"value_range = [0, 1]\n{named}")
    return path


def infer(path):
    return BackboneSetup(load_backbone(str(path)), 64, "f32").open_engine().infer(PIXELS)


def see(module):
    with torch.no_grad():
        return module.body(torch.from_numpy(PIXELS).permute(0, 3, 1, 2) / 255).numpy()


def pool(y):
    return y.mean((2, 3))


ENDS = {
    "a map with its channels last": lambda self, y: y.permute(0, 2, 3, 1),
    "channels last and pooled, as Keras has it": lambda self, y: torch.relu(y.permute(0, 2, 3, 1)).mean((1, 2)),
    "scores by a temperature": lambda self, y: self.head(pool(y)) / 0.07,
    "scaled and moved scores": lambda self, y: torch.softmax(3 * self.head(pool(y)) - 1, 1),
}


@pytest.mark.parametrize("kind", ENDS)
def test_features_are_the_mean_of_the_last_feature_map(kind, tmp_path):
    module = Other(ENDS[kind])
    path = export(module, tmp_path, is_headless="scores" not in kind)
    np.testing.assert_allclose(infer(path), see(module).mean((2, 3)), atol=1e-5)


REFUSED = {
    "two outputs": (lambda self, y: (self.head(pool(y)), pool(y)), "has the outputs .* name the layer before"),
    "heads side by side": (lambda self, y: torch.cat([self.head(pool(y)), self.head(y.amax((2, 3)))], 1), "unknown"),
    "heads added": (lambda self, y: self.head(pool(y)) + self.head(2 * pool(y)), "is unknown which"),
    "a norm of scores": (lambda self, y: nn.functional.normalize(self.head(pool(y))), "is unknown which"),
    "some of the scores": (lambda self, y: self.head(pool(y))[:, 1:], "is unknown which"),
    "scores averaged, without a softmax": (lambda self, y: torch.relu(self.last(y)).mean((2, 3)), "is unknown which"),
    "no head": (lambda self, y: pool(y), r"is unknown .*: name it as features, or the output, '\d+', if"),
}  # fmt: skip
NAMED = {
    "tokens": (lambda self, y: y.flatten(2).transpose(1, 2), r"gives \[1, 256, 16\] for a photo, need \(1, D\)"),
    "numbers of classes": (lambda self, y: self.head(pool(y)).topk(3)[1], "of floats that depends on the photo"),
    "unknown axes": (lambda self, y: y.flatten(1).reshape(-1, 64, 8, 8), "unknown which are the channels"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", {**REFUSED, **NAMED})
def test_a_network_whose_features_are_unknown_is_refused(kind, tmp_path):
    end, message = (REFUSED | NAMED)[kind]
    with pytest.raises(BackboneError, match=message):
        load_backbone(str(export(Other(end), tmp_path, is_headless=kind in NAMED)))


def test_a_pool_over_a_part_of_the_photo_is_kept(tmp_path):
    module = Other(lambda self, y: self.head(nn.functional.avg_pool2d(y, 15).flatten(1)))
    path = export(module, tmp_path)
    expected = see(module)[:, :, :15, :15].mean((2, 3))
    np.testing.assert_allclose(infer(path), expected, atol=1e-5)
    assert load_backbone(str(path)).spec.stages[-1].tensor == "features"


@pytest.mark.parametrize("is_inside", [False, True])
def test_half_precision_becomes_float32(tmp_path, is_inside):
    path = export(Other(lambda self, y: self.head(pool(y))), tmp_path)
    expected = infer(path)
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float16), tensor.name))
    ends = [model.graph.input[0], model.graph.output[0]]
    if is_inside:  # as converters leave it that keep the types of the ends
        first, last = helper.make_node, model.graph.output[0].name
        for node in model.graph.node:
            node.input[:] = ["half" if name == "x" else name for name in node.input]
            node.output[:] = ["half_end" if name == last else name for name in node.output]
        model.graph.node.insert(0, first("Cast", ["x"], ["half"], to=TensorProto.FLOAT16))
        model.graph.node.append(first("Cast", ["half_end"], [last], to=TensorProto.FLOAT))
    else:
        for end in ends:
            end.type.tensor_type.elem_type = TensorProto.FLOAT16
    onnx.save(model, path)
    np.testing.assert_allclose(infer(path), expected, atol=2e-3)
    kept = onnx.load_from_string(load_backbone(str(path)).weights)
    assert TensorProto.FLOAT16 not in {tensor.data_type for tensor in kept.graph.initializer}


def test_a_quantised_network_is_refused(tmp_path):
    path = export(Other(lambda self, y: self.head(pool(y))), tmp_path)
    model = onnx.load(path)
    model.graph.initializer.extend(
        [numpy_helper.from_array(np.float32(0.1), "scale"), numpy_helper.from_array(np.uint8(0), "zero")]
    )
    model.graph.node.insert(0, helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]))
    onnx.save(model, path)
    with pytest.raises(BackboneError, match=r"quantised already: .* --precision int8"):
        load_backbone(str(path))


def test_a_network_for_even_sizes_only_has_one_image_size(tmp_path):
    class Halving(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.head = nn.Conv2d(3, 3, 2, 2), nn.Linear(3, 5)

        def forward(self, x):
            wide = nn.functional.interpolate(self.down(x), scale_factor=2.0)
            return self.head((x + wide).mean((2, 3)))

    path = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Halving().eval(), (torch.zeros(1, 3, 64, 64),), str(path), input_names=["x"], dynamo=False,
            dynamic_axes={"x": {0: "n", 2: "h", 3: "w"}}, opset_version=17,
        )  # fmt: skip
    path.with_suffix(".toml").write_text("value_range = [0, 1]\nimage_size = 64\n")
    spec = load_backbone(str(path)).spec
    assert (spec.min_image_size, spec.max_image_size) == (64, 64)
