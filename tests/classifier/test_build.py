"""The classifier file is valid ONNX and runs in ONNX Runtime."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from headstart.backbone.loading import load_backbone
from headstart.classifier.build import build_classifier
from headstart.classifier.classifier import Classifier
from headstart.errors import ClassifierError

PIXELS = np.random.default_rng(1).integers(0, 255, (5, 96, 96, 3), np.uint8)


def test_the_file_is_valid_onnx_with_named_inputs_and_outputs(classifier_bytes):
    model = onnx.load_from_string(classifier_bytes)
    onnx.checker.check_model(model, full_check=True)
    assert [i.name for i in model.graph.input] == ["pixels"]
    assert [o.name for o in model.graph.output] == ["probabilities"]
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["labels"].split("\n") == ["dots", "stripes", "Zürich 猫"]
    assert json.loads(facts["headstart"])["spec"]["colour_order"] == "RGB"
    assert facts["backbone.licence"] == "Apache-2.0"


def test_onnx_runtime_gives_the_probabilities_of_the_classifier(classifier_bytes):
    session = onnxruntime.InferenceSession(classifier_bytes)
    theirs = session.run(None, {"pixels": PIXELS})[0]
    ours = Classifier.from_bytes(classifier_bytes, precision="f32").predict_pixels(PIXELS)
    np.testing.assert_allclose(theirs.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_same_parts_give_the_same_bytes(classifier_bytes, parts):
    assert build_classifier(*parts) == classifier_bytes


def test_parts_that_do_not_fit_are_refused(parts):
    backbone, weights, bias, metadata = parts
    with pytest.raises(ClassifierError, match=r"head of shape \(1280, 2\)"):
        build_classifier(backbone, weights[:, :2], bias, metadata)
    with pytest.raises(ClassifierError, match="NaN or infinity"):
        build_classifier(backbone, weights, bias * np.nan, metadata)
    assert load_backbone().weights == backbone.weights


def test_metadata_that_could_not_be_read_are_refused(parts, change_metadata):
    with pytest.raises(ClassifierError, match=r"Cannot build a classifier: .*label 'b\\x07'"):
        build_classifier(*parts[:3], change_metadata(labels=("a", "b\x07", "c")))
