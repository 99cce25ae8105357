"""The input, the features and the stages of a foreign network are found, or the network is refused with the reason."""

import shutil

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.backbone.loading import load_backbone
from headstart.errors import BackboneError


def test_stages_end_at_the_last_layer_of_each_resolution(network):
    spec = load_backbone(str(network)).spec
    assert [(stage.name, stage.n_channels, stage.stride) for stage in spec.stages] == [
        ("stride_2", 8, 2), ("stride_4", 8, 4), ("stride_8", 16, 8), ("top", 24, 16),
    ]  # fmt: skip
    assert spec.default_cut == "stride_8"


@pytest.mark.slow
def test_the_toml_may_name_the_stages(network, tmp_path):
    layer = load_backbone(str(network)).spec.stages[1].tensor.removeprefix("net/")
    path = shutil.copy(network, tmp_path / "named.onnx")
    text = network.with_suffix(".toml").read_text()
    path.with_suffix(".toml").write_text(f'{text}[stages]\nfirst_block = "{layer}"\n')
    assert [stage.name for stage in load_backbone(str(path)).spec.stages] == ["first_block", "top"]
    lower = load_backbone(str(network)).spec.stages[0].tensor.removeprefix("net/")
    path.with_suffix(".toml").write_text(f'{text}[stages]\nlate = "{layer}"\nearly = "{lower}"\n')
    assert [stage.name for stage in load_backbone(str(path)).spec.stages] == ["early", "late", "top"]
    path.with_suffix(".toml").write_text(f'{text}[stages]\na = "{layer}"\nb = "{layer}"\n')
    with pytest.raises(BackboneError, match="stages in the TOML have a layer twice"):
        load_backbone(str(path))
    path.with_suffix(".toml").write_text(f'{text}[stages]\nx = "no_such_layer"\n')
    with pytest.raises(BackboneError, match="no layer 'no_such_layer'"):
        load_backbone(str(path))


def test_a_convolution_is_not_cut_from_its_batch_norm(make_plain):
    weights = [
        numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "kernel"),
        *(numpy_helper.from_array(np.ones(4, np.float32), name) for name in ("a", "b", "c", "d")),
    ]
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["conv"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["conv", "a", "b", "c", "d"], ["norm"]),
        helper.make_node("Relu", ["norm"], ["relu"]),
        helper.make_node("MaxPool", ["relu"], ["y"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    path = make_plain(nodes, weights=weights)
    assert [stage.tensor for stage in load_backbone(str(path)).spec.stages] == ["net/relu", "net/y"]
    path.with_suffix(".toml").write_text('value_range = [0, 1]\nfeatures = "y"\n[stages]\nfirst = "conv"\n')
    with pytest.raises(BackboneError, match="cannot be cut at 'conv'"):
        load_backbone(str(path))


def test_control_characters_in_names_of_layers_are_escaped(make_plain):
    nodes = [
        helper.make_node("MaxPool", ["x"], ["a\nb"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("MaxPool", ["a\nb"], ["y"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    assert load_backbone(str(make_plain(nodes))).spec.stages[0].tensor == "net/a\\nb"
    nodes.insert(1, helper.make_node("Relu", ["a\nb"], ["a\\nb"]))  # whose own name is what the other is shown as
    nodes[2].input[0] = "a\\nb"
    backbone = load_backbone(str(make_plain(nodes)))
    assert backbone.spec.stages[0].tensor == "net/a\\\\nb"


def test_a_second_input_that_is_needed_is_refused(make_plain):
    nodes = [helper.make_node("Add", ["x", "z"], ["xz"]), helper.make_node("ReduceMean", ["xz"], ["y"], axes=[2, 3])]
    with pytest.raises(BackboneError, match=r"it needs \['z'\] as well as a photo"):
        load_backbone(str(make_plain(nodes, inputs=2, text="input = 'x'\n")))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": ("n", 1, 64, 64)}, r"shape \[None, 1, 64, 64\], need \(N, 3, H, W\)"),
        ({"shape": ("n", 3, 64, 48)}, r"48 x 64 pixels, need a square"),
        ({"shape": ("n", 3, "h", "w")}, r"no fixed size: give image_size in the TOML"),
        ({"inputs": 2}, r"inputs \['x', 'z'\], need one: name it as input"),
        ({"text": "input = 'y'"}, r"no input 'y', only \['x'\]"),
        ({"kind": TensorProto.BOOL}, "takes neither floats nor whole numbers of 0 to 255"),
        ({"shape": ("n", 3, 5000, 5000)}, "fixed to 5000 pixels, need 16 to 2048"),
        ({"kind": TensorProto.UINT8}, r"takes whole numbers.* write value_range = \[0, 255\] into"),
    ],
)
def test_an_input_that_cannot_be_served_is_refused(make_plain, options, message):
    with pytest.raises(BackboneError, match=message):
        load_backbone(
            str(make_plain([helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)], **options))
        )


def test_a_feature_map_larger_than_the_photo_is_refused(make_plain):
    kernel = numpy_helper.from_array(np.ones((3, 3, 3, 3), np.float32), "kernel")
    larger = helper.make_node("ConvTranspose", ["x", "kernel"], ["y"], strides=[3, 3])
    with pytest.raises(BackboneError, match="its last map, 'y', is larger than the photo"):
        load_backbone(str(make_plain([larger], weights=[kernel])))


def test_the_toml_may_name_the_feature_layer(network, tmp_path):
    layer = load_backbone(str(network)).spec.stages[2].tensor.removeprefix("net/")
    path = shutil.copy(network, tmp_path / "lower.onnx")
    text = network.with_suffix(".toml").read_text()
    path.with_suffix(".toml").write_text(f'features = "{layer}"\n{text}')
    assert load_backbone(str(path)).spec.n_features == 16
    path.with_suffix(".toml").write_text(f'features = "nowhere"\n{text}')
    with pytest.raises(BackboneError, match="no layer 'nowhere'"):
        load_backbone(str(path))
