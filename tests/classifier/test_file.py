"""Loading compares before it trusts."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from headstart.classifier.file import parse_classifier, read_classifier, write_bytes_safely
from headstart.classifier.seal import seal_bytes
from headstart.errors import ClassifierError


def reseal(data, change):
    """Change a model and seal it again, as a forger or a buggy tool would."""
    model = onnx.load_from_string(data)
    kept = [entry for entry in model.metadata_props if entry.key != "headstart.seal"]
    entries = {entry.key: entry.value for entry in kept}
    change(model, entries)
    onnx.helper.set_model_props(model, entries)
    return seal_bytes(model.SerializeToString())


def test_a_file_is_read_whole(classifier_bytes, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(classifier_bytes)
    contents = read_classifier(path)
    assert contents.metadata.labels == ("dots", "stripes", "Zürich 猫")
    assert contents.weights.shape == (1280, 3)
    assert read_classifier(tmp_path).data == contents.data


def test_a_missing_file_says_what_to_give(tmp_path):
    with pytest.raises(ClassifierError, match=r"nowhere.onnx.*run folder"):
        read_classifier(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"PK\x03\x04 a zip file", "not a classifier"), (b"\x80\x04\x95 a pickle", "not a classifier")],
)
def test_foreign_files_are_refused(tmp_path, content, message):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ClassifierError, match=message):
        read_classifier(path)


@pytest.mark.parametrize("n_bytes", [100, 5_000_000, -1])
def test_cut_off_files_are_refused(tmp_path, classifier_bytes, n_bytes):
    path = tmp_path / "model.onnx"
    path.write_bytes(classifier_bytes[:n_bytes])
    with pytest.raises(ClassifierError, match=r"damaged|not a classifier"):
        read_classifier(path)


def test_a_head_with_other_labels_is_refused(classifier_bytes):
    def change(_, entries):
        entries["headstart"] = entries["headstart"].replace('"stripes", ', "")

    with pytest.raises(ClassifierError, match=r"parts do not fit.*\(1280, 3\).*2 labels"):
        parse_classifier(reseal(classifier_bytes, change))


def test_an_input_of_another_size_is_refused(classifier_bytes):
    def change(model, _):
        model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 100

    with pytest.raises(ClassifierError, match=r"input of shape .* for an image size of 96"):
        parse_classifier(reseal(classifier_bytes, change))


def test_a_file_without_its_head_is_refused(classifier_bytes):
    def change(model, _):
        for tensor in model.graph.initializer:
            if tensor.name == "head/weights":
                tensor.CopyFrom(numpy_helper.from_array(np.zeros((1280, 4), np.float32), "head/weights"))

    with pytest.raises(ClassifierError, match=r"do not fit|cannot be read"):
        parse_classifier(reseal(classifier_bytes, change))


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_bytes_safely(b"first", path)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_bytes_safely(b"second", path)
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]
