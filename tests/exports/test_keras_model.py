"""Keras, and what LiteRT shares with it: run by `make test-keras`, in an environment of their own."""

import json
import zipfile

import pytest

import headstart as hs
from headstart.errors import ClassifierError, ExportError, MissingExtraError
from headstart.exports.export import export_classifier
from headstart.process.packages import is_installed

needs_tensorflow = pytest.mark.skipif(not is_installed("tensorflow"), reason="needs TensorFlow: make test-keras")
FILES = {"keras": "pets.keras", "litert": "pets.tflite"}
pytestmark = pytest.mark.filterwarnings("ignore")  # warnings of TensorFlow


@needs_tensorflow
@pytest.mark.parametrize("kind", FILES)
def test_an_export_predicts_the_same(any_run, photos, tmp_path, kind, capsys):
    path = tmp_path / FILES[kind]
    report = export_classifier(any_run.folder, kind, out=path, check=photos, verbose=False)
    assert capsys.readouterr().out == ""  # where --json prints its one object
    assert report["parity"]["label_agreement"] == 1
    assert report["parity"]["max_probability_gap"] < 0.05
    assert report["parity"]["refused_agreement"] == 1
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.txt").decode().split("\n")[:2] == ["dots", "stripes"]
        assert "licence: Apache-2.0" in archive.read("NOTICE.txt").decode()
        assert json.loads(archive.read("novelty.json"))["refuse"] == 0.05
        assert json.loads(archive.read("label_sets.json"))["n"] == any_run.metrics["label_sets"]["n"] == 8
    with pytest.raises(ClassifierError, match="it is an export"):
        hs.load(path)


@needs_tensorflow
def test_stock_keras_opens_it_with_the_layers_of_the_tutorial(run, tmp_path):
    from keras.models import load_model

    export_classifier(run.folder, "keras", out=tmp_path / "pets.keras", verbose=False)
    model = load_model(tmp_path / "pets.keras")
    kinds = [type(layer).__name__ for layer in model.layers if layer.name != "novelty"]
    assert kinds == [
        "InputLayer", "Resizing", "Rescaling", "Functional", "GlobalAveragePooling2D", "Dropout", "Dense"
    ]  # fmt: skip
    assert set(model.output) == {"probabilities", "novelty"}
    assert not model.get_layer("novelty").trainable_weights  # further training leaves the test alone
    assert {type(layer).__name__ for layer in model.get_layer("novelty").layers} == {
        "InputLayer", "UnitNormalization", "Normalization", "Dense", "Dot", "Subtract", "ReLU"
    }  # fmt: skip


@needs_tensorflow
@pytest.mark.parametrize("kind", FILES)
def test_a_classifier_without_a_novelty_test_gives_probabilities_alone(run, photos, drop_novelty, tmp_path, kind):
    model = drop_novelty(run.folder, tmp_path / "model.onnx")
    report = export_classifier(model, kind, out=tmp_path / FILES[kind], check=photos, verbose=False)
    assert report["parity"]["label_agreement"] == 1
    assert report["refusal_agreement"] is None
    if kind == "keras":
        from keras.models import load_model

        assert tuple(load_model(tmp_path / "pets.keras").output.shape) == (None, 2)


@needs_tensorflow
def test_an_int8_classifier_is_no_keras_model(photos, tmp_path):
    run = hs.train(photos, out=tmp_path / "run", image_size=96, method="fixed", precision="int8", verbose=False)
    with pytest.raises(ExportError, match="Train without --precision int8"):
        export_classifier(run.folder, "keras", out=tmp_path / "pets.keras", verbose=False)


@pytest.mark.skipif(is_installed("tensorflow"), reason="TensorFlow is installed here")
@pytest.mark.parametrize("kind", FILES)
def test_without_tensorflow_the_error_names_the_extra(run, tmp_path, kind):
    with pytest.raises(MissingExtraError, match=r"pip install 'headstart\[keras\]'"):
        export_classifier(run.folder, kind, out=tmp_path / FILES[kind], verbose=False)
    assert not list(tmp_path.iterdir())
