"""Foreign networks are converted in a process of their own, and its failures become an error of one sentence."""

import json
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from headstart.backbone.foreign import isolated_process
from headstart.backbone.foreign.conversion import convert_network
from headstart.backbone.foreign.isolated_process import convert_in_own_process
from headstart.backbone.foreign.user_spec import read_user_spec
from headstart.errors import BackboneError, MissingExtraError


@pytest.fixture
def user_spec(network):
    return read_user_spec(network.with_suffix(".toml"))


def test_the_result_is_that_of_a_conversion_in_this_process(network, user_spec):
    assert convert_in_own_process(network, user_spec, network.stat().st_size) == convert_network(network, user_spec)


def test_a_module_in_the_working_folder_is_not_imported(network, user_spec, tmp_path, monkeypatch):
    for name in ("onnx", "json", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert convert_in_own_process(network, user_spec, 0).spec.n_features == 24


def test_a_network_that_crashes_the_engine_is_an_error(tmp_path, user_spec):
    """OpenVINO 2026.4 ends in a segmentation fault on a layer that it does not know above one with an empty input."""
    nodes = [
        helper.make_node("Resize", ["image", "", "scales"], ["larger"]),
        helper.make_node("GlobalLpPool", ["larger"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes, "broken", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 64, 64])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")],
    )  # fmt: skip
    path = tmp_path / "broken.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    with pytest.raises(BackboneError, match=r"crashed|cannot read it"):  # mended or not
        convert_in_own_process(path, user_spec, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os.abort()", r"the process that reads it crashed \(status -6\)"),
        ("import time; time.sleep(60)", "it cannot be read within 1 s"),
        ("raise MemoryError", "it takes too much memory to read"),
        ("raise ValueError('x\\ny')", r"it cannot be read \(ValueError: x\\ny\)"),
        ("from headstart.errors import BackboneError; raise BackboneError('no')", "^no$"),
    ],
)
def test_every_failure_is_an_error_of_one_sentence(network, user_spec, tmp_path, monkeypatch, code, message):
    package = tmp_path / "headstart_for_tests"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "failing.py").write_text(
        "from headstart.backbone.foreign import isolated_process\n"
        f"def fail(*_):\n    {code}\n"
        "isolated_process.convert_network = fail\n"
        "isolated_process.main()\n"
    )
    monkeypatch.setattr(isolated_process, "__name__", "headstart_for_tests.failing")
    monkeypatch.setattr(isolated_process, "LIMIT_S", 1.0 if "sleep" in code else 60.0)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    with pytest.raises(BackboneError, match=message):
        convert_in_own_process(network, user_spec, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such limit")
def test_memory_is_limited(network, user_spec):
    with pytest.raises(BackboneError, match=r"too much memory|crashed|cannot be read|cannot read it"):
        convert_in_own_process(network, user_spec, -590_000_000)  # ten times this is more than the whole limit


def test_a_full_disk_is_an_error(network, user_spec, monkeypatch):
    def refuse(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(isolated_process.tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(BackboneError, match=r"No space left on device.*set TMPDIR to"):
        convert_in_own_process(network, user_spec, 0)


def test_a_missing_package_is_reported_with_its_extra(network, user_spec, monkeypatch, tmp_path):
    task = {"path": str(network), "user_spec": {"name": "x", "mean": [0.5], "std": [0.5]}}
    (tmp_path / "task.json").write_text(json.dumps(task))

    def refuse(path, user_spec):
        assert user_spec.mean == (0.5,)
        raise MissingExtraError("no onnx", extra="onnx")

    monkeypatch.setattr(isolated_process, "convert_network", refuse)
    monkeypatch.setattr(isolated_process, "_limit_memory", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["isolated_process", str(tmp_path), "0"])
    isolated_process.main()
    assert json.loads((tmp_path / "answer.json").read_text()) == {
        "error": "MissingExtraError",
        "message": "no onnx",
        "extra": "onnx",
    }
