"""Small ONNX files for the tests of foreign networks."""

import shutil

import onnx
import pytest
from onnx import TensorProto, helper


@pytest.fixture
def make_plain(tmp_path):
    """Write a network of given nodes from ``x`` to ``y``, and its TOML, and return its path."""

    def make(nodes, *, shape=("n", 3, 64, 64), inputs=1, output="y", weights=(), text="", kind=TensorProto.FLOAT):
        names = ["x", "z"][:inputs]
        graph = helper.make_graph(
            nodes, "plain", [helper.make_tensor_value_info(name, kind, shape) for name in names],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)], list(weights),
        )  # fmt: skip
        path = tmp_path / "plain.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
        path.with_suffix(".toml").write_text(f"value_range = [0, 1]\nfeatures = '{output}'\n{text}")
        return path

    return make


@pytest.fixture
def copy(network, tmp_path):
    """A copy of the small network of another library, and its TOML."""
    shutil.copy(network, tmp_path / "net.onnx")
    shutil.copy(network.with_suffix(".toml"), tmp_path / "net.toml")
    return tmp_path / "net.onnx"
