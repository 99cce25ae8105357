"""LiteRT: run by `make test-keras`, in an environment of its own."""

import numpy as np
import pytest

from headstart.classifier.classifier import load_classifier
from headstart.exports.export import export_classifier
from headstart.exports.litert import open_litert
from headstart.process.packages import is_installed

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # warnings of TensorFlow
    pytest.mark.skipif(not is_installed("tensorflow"), reason="needs TensorFlow: make test-keras"),
]


def test_int8_is_a_third_of_the_size_and_keeps_its_novelty(any_run, photos, tmp_path, capfd):
    path = tmp_path / "pets.tflite"
    report = export_classifier(any_run.folder, "litert", int8=True, out=path, check=photos, verbose=False)
    parity = report["parity"]
    assert parity["label_agreement"] >= 0.98
    assert parity["n_refused_differently"] <= 1
    assert report["bytes"] < 4_000_000
    noise = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), np.uint8)
    with open_litert(path) as predict:
        novelties = [predict(path, one).novelty for one in noise]
    expected = load_classifier(any_run.folder, precision="f32").judge_pixels(noise)[1]
    assert max(novelties) <= 0.05
    assert (expected <= 0.05).all()


def test_outputs_have_names(run, tmp_path):
    import tensorflow

    export_classifier(run.folder, "litert", out=tmp_path / "pets.tflite", verbose=False)
    signatures = tensorflow.lite.Interpreter(str(tmp_path / "pets.tflite")).get_signature_list()
    assert signatures["serving_default"] == {"inputs": ["pixels"], "outputs": ["novelty", "probabilities"]}


def test_int8_without_a_novelty_test(run, photos, drop_novelty, tmp_path):
    model = drop_novelty(run.folder, tmp_path / "model.onnx")
    report = export_classifier(model, "litert", int8=True, out=tmp_path / "a.tflite", check=photos, verbose=False)
    assert report["parity"]["label_agreement"] >= 0.98
    assert report["bytes"] < 3_500_000
