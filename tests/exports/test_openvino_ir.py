"""OpenVINO IR computes resizing, first stages and novelty in float32, even if OpenVINO's default is bf16."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from headstart.engine.openvino_import import get_core, import_openvino
from headstart.engine.processor import choose_precision
from headstart.exports.export import export_classifier
from headstart.exports.formats import FORMATS


@pytest.fixture(scope="module", params=["float", "int8"])
def path(request, run, photos, tmp_path_factory):
    path = tmp_path_factory.mktemp("ir") / "pets.xml"
    is_int8 = request.param == "int8"
    export_classifier(run.folder, "openvino", int8=is_int8, out=path, check=photos if is_int8 else None, verbose=False)
    return path


def test_float32_layers_are_marked(path, request):
    tree = ElementTree.fromstring(path.read_bytes())  # noqa: S314  our own file
    layers = {layer.get("name"): layer for layer in tree.iterfind("layers/layer")}
    marked = {name for name, layer in layers.items() if layer.find("rt_info/attribute[@name='precise']") is not None}
    assert {"resize/scaled", "resize/scaled_in_height", "resize/width/weights", "resize/rounded"} <= marked
    is_float = "[float]" in request.node.name
    assert ("expanded_conv_project_BN" in marked) == is_float
    assert not {"out_relu", "scores", "probabilities"} & marked
    assert {"novelty/row_sum", "novelty/score", "novelty"} <= marked


def test_resizing_is_never_computed_in_bf16(path):
    core = get_core()
    compiled = core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "bf16"})
    if str(compiled.get_property("INFERENCE_PRECISION_HINT")) != "<Type: 'bfloat16'>":
        pytest.skip("this processor does not compute in bf16")
    precisions = {
        op.get_rt_info()["originalLayersNames"].astype(str): op.get_rt_info()["runtimePrecision"].astype(str)
        for op in compiled.get_runtime_model().get_ops()
    }
    assert "bf16" in precisions.values()
    resizing = {names: precision for names, precision in precisions.items() if "resize/" in names}
    assert len(resizing) > 20
    assert not [names for names, precision in resizing.items() if precision == "bf16"]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_the_certificate_compares_in_the_same_precision(run, photos, tmp_path, monkeypatch, precision):
    if precision == "bf16" and choose_precision("auto") != "bf16":
        pytest.skip("this processor does not compute in bf16")
    monkeypatch.setitem(FORMATS, "openvino", replace(FORMATS["openvino"], find_precision=lambda: precision))
    told = {"check": photos, "verbose": False, "overwrite": True}
    report = export_classifier(run.folder, "openvino", out=tmp_path / "pets.xml", **told)
    assert report["precision"] == precision
    report = export_classifier(run.folder, "openvino", out=tmp_path / "pets.xml", int8=True, **told)
    assert report["precision"] == "f32"
    assert export_classifier(run.folder, out=tmp_path / "pets.onnx", **told)["precision"] == "f32"


def test_the_check_uses_the_defaults_of_openvino(run, photos, tmp_path, monkeypatch):
    openvino = import_openvino()
    asked = []
    compile_model = openvino.Core.compile_model

    def watch(core, *told):
        asked.append(told)
        return compile_model(core, *told)

    monkeypatch.setattr(openvino.Core, "compile_model", watch)
    export_classifier(run.folder, "openvino", out=tmp_path / "pets.xml", check=photos, verbose=False)
    assert [told for told in asked if told[1:] == ("CPU",)]
