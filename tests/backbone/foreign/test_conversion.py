"""A converted network gives the features that its own file gives in ONNX Runtime."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.errors import BackboneError

MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
PIXELS = np.random.default_rng(5).integers(0, 256, (3, 64, 64, 3), np.uint8)


def infer(backbone, pixels, tensor="features"):
    return BackboneSetup(backbone, pixels.shape[1], "f32").open_engine(tensor=tensor).infer(pixels)


def find_pooled(path):
    """Return a copy of the network whose output is what goes into its last linear layer."""
    model = onnx.load(path)
    linear = next(node for node in reversed(model.graph.node) if node.op_type == "Gemm")
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(linear.input[0], TensorProto.FLOAT, None))
    return onnxruntime.InferenceSession(model.SerializeToString())


def test_features_are_those_of_onnx_runtime(network):
    expected = find_pooled(network).run(
        None, {"image": ((PIXELS / 255 - MEAN) / STD).astype(np.float32).transpose(0, 3, 1, 2)}
    )
    backbone = load_backbone(str(network))
    np.testing.assert_allclose(infer(backbone, PIXELS), expected[0], atol=2e-5)
    assert infer(backbone, PIXELS).shape == (3, backbone.spec.n_features) == (3, 24)


@pytest.mark.parametrize("side_px", [32, 64, 96])
def test_a_network_for_any_size_takes_several_image_sizes(network, side_px):
    spec = load_backbone(str(network)).spec
    assert (spec.image_size, spec.min_image_size, spec.max_image_size) == (64, 32, 1024)
    pixels = np.zeros((2, side_px, side_px, 3), np.uint8)
    assert infer(load_backbone(str(network)), pixels).shape == (2, 24)


@pytest.mark.parametrize(
    ("text", "prepare"),
    [
        ("value_range = [-1, 1]\n", lambda pixels: pixels / 127.5 - 1),
        ("value_range = [0, 255]\n", lambda pixels: pixels),
        ("mean = 0\nstd = 1\n", lambda pixels: pixels / 255),
        (
            "mean = [0.5, 0.4, 0.3]\nstd = [0.2, 0.3, 0.4]\ncolour_order = 'BGR'\n",  # of red, green and blue
            lambda pixels: ((pixels / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4])[..., ::-1],
        ),
    ],
)
def test_pixels_are_scaled_as_the_toml_says(network, tmp_path, text, prepare):
    path = shutil.copy(network, tmp_path / "other.onnx")
    path.with_suffix(".toml").write_text(f"{text}image_size = 64\n")
    expected = find_pooled(path).run(None, {"image": prepare(PIXELS).astype(np.float32).transpose(0, 3, 1, 2)})[0]
    np.testing.assert_allclose(infer(load_backbone(str(path)), PIXELS), expected, rtol=1e-4, atol=1e-4)


def test_layers_that_share_weights_get_copies(make_plain):
    kernel = numpy_helper.from_array(np.ones((3, 3, 1, 1), np.float32), "kernel")
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["one"]),
        helper.make_node("Conv", ["one", "kernel"], ["two"]),
        helper.make_node("ReduceMax", ["kernel"], ["most"], keepdims=0),
        helper.make_node("Mul", ["two", "most"], ["y"]),
    ]
    kept = onnx.load_from_string(load_backbone(str(make_plain(nodes, weights=[kernel]))).weights)
    used = [node.input[-1] for node in kept.graph.node if node.op_type in ("Conv", "ReduceMax")]
    assert used == ["net/kernel/1", "net/kernel/2", "net/kernel"]
    assert set(used) <= {tensor.name for tensor in kept.graph.initializer}


def test_a_network_without_classes_gives_its_output_as_features(make_network, tmp_path, network):
    headless = load_backbone(
        str(
            make_network(
                tmp_path / "headless.onnx",
                is_headless=True,
            )
        )
    )
    np.testing.assert_allclose(infer(headless, PIXELS), infer(load_backbone(str(network)), PIXELS), atol=1e-6)


@pytest.mark.slow
def test_old_opsets_are_converted(tmp_path):
    """ResNet-50, SqueezeNet and Inception as the onnx package has them: opset 9, photos one by one."""
    folder = Path(onnx.__file__).parent / "backend/test/data/light"
    for name, n_features in (("resnet50", 2048), ("squeezenet", 512), ("inception_v1", 1024)):
        path = shutil.copy(folder / f"light_{name}.onnx", tmp_path)
        Path(path).with_suffix(".toml").write_text("value_range = [0, 255]\n")
        spec = load_backbone(str(path)).spec
        assert (spec.n_features, spec.image_size, spec.max_image_size) == (n_features, 224, 224)
        assert spec.stages[-1].name == "top"


@pytest.mark.slow
def test_weights_in_a_second_file_are_read(network, tmp_path):
    path = tmp_path / "large.onnx"
    onnx.save(onnx.load(network), path, save_as_external_data=True, location="large.onnx.data", size_threshold=0)
    path.with_suffix(".toml").write_text(network.with_suffix(".toml").read_text())
    before = infer(load_backbone(str(path)), PIXELS)
    np.testing.assert_array_equal(before, infer(load_backbone(str(network)), PIXELS))
    data = tmp_path / "large.onnx.data"
    data.rename(tmp_path / "away")
    with pytest.raises(BackboneError, match=r"its weights are in 'large\.onnx\.data', which is not beside it"):
        load_backbone(str(path))
    (tmp_path / "away").rename(data)
    data.write_bytes(bytes(data.stat().st_size // 2) + data.read_bytes()[data.stat().st_size // 2 :])
    with pytest.raises(BackboneError, match="same features for two different photos"):  # the changed weights are used
        load_backbone(str(path))


def test_constants_of_a_layer_in_a_second_file_are_refused(make_plain):
    value = numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32))
    nodes = [helper.make_node("Constant", [], ["c"], value=value), helper.make_node("Mul", ["x", "c"], ["y"])]
    path = make_plain(nodes)
    onnx.save(onnx.load(path), path, save_as_external_data=True, size_threshold=0, convert_attribute=True)
    with pytest.raises(BackboneError, match="save it in one file"):  # they are not in the cache's key
        load_backbone(str(path))


def mean_over(axes):
    return helper.make_node("ReduceMean", ["x"], ["y"], axes=axes, keepdims=0)


def test_channels_may_be_the_last_axis(make_plain):
    backbone = load_backbone(str(make_plain([mean_over([1, 2])], shape=("n", 64, 64, 3))))
    np.testing.assert_allclose(infer(backbone, PIXELS), PIXELS.mean((1, 2)) / 255, rtol=1e-4)


def test_a_fixed_batch_size_is_refused(make_plain):
    shape = numpy_helper.from_array(np.array([1, 3, 64, 64]), "shape")
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["one"]),
        helper.make_node("ReduceMean", ["one"], ["y"], axes=[2, 3], keepdims=0),
    ]
    with pytest.raises(BackboneError, match="Export it again with a dynamic first axis"):
        load_backbone(str(make_plain(nodes, weights=[shape])))


def test_features_that_depend_on_the_batch_are_refused(make_plain):
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["all"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["x", "all"], ["apart"]),
        helper.make_node("ReduceMean", ["apart"], ["y"], axes=[2, 3], keepdims=0),
    ]
    with pytest.raises(BackboneError, match="depend on the other photos in the batch"):
        load_backbone(str(make_plain(nodes)))


def test_a_layer_that_onnx_runtime_computes_otherwise_is_refused(make_plain):
    pool = helper.make_node(
        "AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1,
        count_include_pad=1,
    )  # fmt: skip
    with pytest.raises(BackboneError, match=r"features differ by .*% from those of ONNX Runtime"):
        load_backbone(str(make_plain([pool])))


def test_layers_out_of_order_are_refused(make_plain):
    nodes = [mean_over([2, 3]), helper.make_node("Neg", ["x"], ["late"])]
    nodes[0].input[0] = "late"
    with pytest.raises(BackboneError, match="its layer 'y' comes before its input 'late'"):
        load_backbone(str(make_plain(nodes)))


def test_branches_are_refused(make_plain):
    true = numpy_helper.from_array(np.array(True), "yes")
    branch = helper.make_graph([helper.make_node("Identity", ["x"], ["inside"])], "branch", [], [
        helper.make_tensor_value_info("inside", TensorProto.FLOAT, None)])  # fmt: skip
    nodes = [helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)]
    with pytest.raises(BackboneError, match="branches or loops"):
        load_backbone(str(make_plain(nodes, weights=[true])))


@pytest.mark.parametrize("data", [b"", b"no network", b"\x08\x08" * 100])
def test_a_file_that_is_no_network_is_refused_in_one_line(tmp_path, data):
    path = tmp_path / "x.onnx"
    path.write_bytes(data)
    path.with_suffix(".toml").write_text("value_range = [0, 1]\n")
    with pytest.raises(BackboneError, match=r"Cannot use '.*x.onnx' as a backbone: it is no ONNX"):
        load_backbone(str(path))


def test_weights_behind_a_cast_are_folded_into_the_kernel(network, tmp_path):
    """Exporters store equal weights once, and in half precision. Training must find them."""
    model = onnx.load(network)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    kernel = next(node.input[1] for node in model.graph.node if node.op_type == "Conv")
    stored = numpy_helper.from_array(numpy_helper.to_array(weights[kernel]).astype(np.float16), "stored")
    model.graph.initializer.remove(weights[kernel])
    model.graph.initializer.append(stored)
    model.graph.node.insert(0, helper.make_node("Cast", ["stored"], ["again"], to=TensorProto.FLOAT))
    model.graph.node.insert(1, helper.make_node("Identity", ["again"], [kernel]))
    path = tmp_path / "stored.onnx"
    onnx.save(model, path)
    path.with_suffix(".toml").write_text(network.with_suffix(".toml").read_text())
    kept = onnx.load_from_string(load_backbone(str(path)).weights)
    assert f"net/{kernel}" in {tensor.name for tensor in kept.graph.initializer}
    assert "net/stored" not in {tensor.name for tensor in kept.graph.initializer}


@pytest.mark.parametrize("is_used", [False, True])
def test_a_small_file_that_expands_to_huge_outputs_is_refused(network, tmp_path, is_used):
    """A constant of ten thousand million numbers fits into a file of a few bytes."""
    model = onnx.load(network)
    model.graph.initializer.append(numpy_helper.from_array(np.array([100_000, 100_000]), "shape"))
    model.graph.node.insert(0, helper.make_node("ConstantOfShape", ["shape"], ["many"]))
    if is_used:
        model.graph.node.append(helper.make_node("ReduceMax", ["many"], ["most"], axes=[0, 1], keepdims=0))
        model.graph.node.append(helper.make_node("Add", [model.graph.output[0].name, "most"], ["end"]))
        model.graph.output[0].name = "end"
    path = tmp_path / "many.onnx"
    onnx.save(model, path)
    path.with_suffix(".toml").write_text(network.with_suffix(".toml").read_text())
    with pytest.raises(BackboneError, match=r"its constant .many. may have 10,000,000,000 numbers"):
        load_backbone(str(path))
