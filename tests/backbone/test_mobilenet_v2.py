"""The spec of MobileNetV2 agrees with its graph."""

import onnx
import pytest
from onnx import numpy_helper

from headstart.backbone.loading import load_backbone

SPEC = load_backbone().spec


@pytest.fixture(scope="module")
def model():
    return onnx.load_from_string(load_backbone().weights)


def test_the_stages_are_those_of_the_paper():
    assert [stage.name for stage in SPEC.stages] == ["stem", *(f"block_{i}" for i in range(17)), "top"]


def test_every_stage_is_a_tensor_of_the_stated_channels_and_stride(model):
    shapes = {
        info.name: [d.dim_value for d in info.type.tensor_type.shape.dim]
        for info in onnx.shape_inference.infer_shapes(_fix_size(model, 224)).graph.value_info
    }
    for stage in SPEC.stages:
        assert shapes[stage.tensor][1:] == [stage.n_channels, 224 // stage.stride, 224 // stage.stride]


def test_the_graph_holds_batch_norms_with_their_statistics(model):
    norms = [node for node in model.graph.node if node.op_type == "BatchNormalization"]
    names = {tensor.name for tensor in model.graph.initializer}
    assert len(norms) == 52
    for node in norms:
        assert set(node.input[1:]) <= names


def test_the_number_of_parameters_is_that_of_the_graph(model):
    count = sum(
        numpy_helper.to_array(tensor).size
        for tensor in model.graph.initializer
        if not tensor.name.startswith(("relu6", "rescale"))
    )
    assert count == SPEC.n_parameters


def test_licence_and_source_are_in_the_file(model):
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["licence"] == SPEC.licence == "Apache-2.0"
    assert "tf2-preview/mobilenet_v2" in facts["weights"]
    assert "ef62ea39c12c1f03" in facts["extracted_from"]


def _fix_size(model: onnx.ModelProto, size: int) -> onnx.ModelProto:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    dims = fixed.graph.input[0].type.tensor_type.shape.dim
    for dim, value in zip(dims, (1, size, size, 3), strict=True):
        dim.dim_value = value
    return fixed
