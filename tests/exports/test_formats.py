"""An export describes itself, runs in other runtimes, and is no classifier file."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

import headstart as hs
from headstart.catalog.scan import scan_labelled
from headstart.classifier.decision import Decision, MistakeCost
from headstart.classifier.file import read_classifier
from headstart.errors import ClassifierError
from headstart.exports.export import export_classifier
from headstart.exports.formats import FORMATS
from headstart.exports.int8 import quantise_classifier
from headstart.pixels.decode import open_photo


def test_onnx_runtime_runs_an_export_as_its_metadata_describe(run, photos, tmp_path):
    export_classifier(run.folder, out=tmp_path / "pets.onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "pets.onnx", providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["labels"].split("\n") == ["dots", "stripes"]
    assert "any height and width" in facts["pixels"]
    assert facts["backbone.licence"] == "Apache-2.0"
    onnx.checker.check_model(onnx.load(tmp_path / "pets.onnx"), full_check=True)
    path = next(photos.rglob("*.jpg"))
    pixels = open_photo(path.read_bytes())
    row = session.run(["probabilities"], {"pixels": np.stack([pixels, pixels])})[0]
    expected = hs.load(run.folder, precision="f32").predict(path)
    assert row.shape == (2, 2)
    assert json.loads(facts["novelty"])["refuse"] == 0.05
    assert "90%" not in json.loads(facts["label_sets"])["thresholds"]  # 8 held-out photos support no such promise
    novelty = session.run(["novelty"], {"pixels": np.stack([pixels, pixels])})[0]
    assert novelty.shape == (2, 1)
    assert novelty[1, 0] == pytest.approx(expected.novelty, abs=0.01)
    assert dict(zip(facts["labels"].split("\n"), row[1], strict=True)) == pytest.approx(
        expected.probabilities, abs=0.01
    )


@pytest.mark.parametrize("kind", ["onnx", "openvino", "html"])
@pytest.mark.parametrize("int8", [False, True])
def test_an_export_contains_the_licence_of_its_network(run, photos, tmp_path, kind, int8):
    path = tmp_path / f"pets{FORMATS[kind].suffix}"
    export_classifier(run.folder, kind, int8=int8, out=path, calibrate=photos, verbose=False)
    text = path.read_bytes()
    for told in (
        b"licence: Apache-2.0",
        b"author: Google",
        b"mobilenet_v2/feature_vector/4",
        b"APPENDIX: How to apply",
    ):
        assert told in text


@pytest.mark.parametrize("kind", ["onnx", "openvino", "html"])
def test_an_export_is_not_loaded_as_a_classifier(run, tmp_path, kind):
    path = tmp_path / f"pets{FORMATS[kind].suffix}"
    export_classifier(run.folder, kind, out=path, verbose=False)
    with pytest.raises(ClassifierError, match=r"it is an export, .* Give the model\.onnx that it was made from"):
        hs.load(path)


@pytest.mark.parametrize("kind", ["onnx", "openvino"])
def test_an_export_has_the_decision_in_its_metadata(run, set_decision, tmp_path, kind):
    rule = Decision(costs=(MistakeCost("stripes", "dots", 20.0),))
    model = set_decision(run.folder, tmp_path / "model.onnx", rule)
    path = tmp_path / f"pets{FORMATS[kind].suffix}"
    report = export_classifier(model, kind, out=path, verbose=False)
    assert report["decision"] == rule.describe()
    if kind == "onnx":
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        text = session.get_modelmeta().custom_metadata_map["decision"]
    else:
        import openvino

        text = openvino.Core().read_model(path).get_rt_info(["headstart", "decision"]).astype(str)
    assert json.loads(text)["rule"] == rule.describe()
    assert json.loads(text)["costs"] == [{"label": "stripes", "answer": "dots", "cost": 20.0}]


@pytest.mark.parametrize("kind", ["onnx", "openvino"])
def test_a_classifier_without_a_novelty_test_gives_probabilities_alone(run, photos, drop_novelty, tmp_path, kind):
    model = drop_novelty(run.folder, tmp_path / "model.onnx")
    path = tmp_path / f"pets{FORMATS[kind].suffix}"
    report = export_classifier(model, kind, out=path, check=photos, verbose=False)
    assert (report["refuse"], report["refusal_agreement"], report["parity"]["refused_agreement"]) == (None, None, None)
    with FORMATS[kind].open(path) as predict:
        assert predict(path, np.zeros((9, 9, 3), np.uint8)).novelty is None


def test_an_int8_classifier_keeps_its_decision(run, photos, set_decision, tmp_path):
    rule = Decision(label="stripes", threshold=0.25, find=0.98)
    contents = read_classifier(set_decision(run.folder, tmp_path / "model.onnx", rule))
    quantised, _ = quantise_classifier(contents, scan_labelled(photos).photos[:4])
    assert quantised.metadata.decision == rule
