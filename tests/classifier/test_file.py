"""Loading checks a classifier file before it is used."""

import json

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from headstart.classifier import file
from headstart.classifier.build import build_classifier
from headstart.classifier.file import parse_classifier, read_classifier
from headstart.classifier.metadata import FORMAT
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


def test_a_file_gives_all_its_parts(classifier_bytes, tmp_path):
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
    with pytest.raises(ClassifierError, match="damaged"):
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


def in_record(name, value):
    """Return a change of one field of the record, or of its spec for ``spec.NAME``."""

    def change(_, entries):
        record = json.loads(entries["headstart"])
        *outer, inner = name.split(".")
        (record[outer[0]] if outer else record)[inner] = value
        entries["headstart"] = json.dumps(record)

    return change


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("labels", 3, r"labels 3, need a list"),
        ("labels", "abc", r"labels 'abc', need a list"),
        ("labels", [1, 2, 3], r"label 1, need a text"),
        ("labels", [["a"], ["b"], ["c"]], r"label \['a'\], need a text"),
        ("labels", ["a", "b", ""], r"label '', need a text"),
        ("labels", ["a", "b", "\x1b[2J"], r"label '\\x1b\[2J', need a text that can be shown"),
        ("labels", ["a", "b", "a"], r"3 labels, 2 of them different"),
        ("labels", ["a"], r"1 labels"),
        ("image_size", "96", r"image_size '96', need an int"),
        ("image_size", 95, r"96 to 512 pixels"),
        ("image_size", True, r"image_size True, need an int"),
        ("precision", "int4", r"precision 'int4', need one of f32, bf16, int8"),
        ("precision", "int8", r"a precision of int8 for a network that was made for another"),
        ("method", 1, r"method 1, need a str"),
        ("seed", "0", r"seed '0', need an int"),
        ("n_views", 0, r"n_views 0, need 1 or more"),
        ("trained_on", 7, r"trained_on 7, need a str"),
        ("trained_on", "%", r"cannot be read"),
        ("trained_on", "AAAA", r"3 bytes, need 8 for each photo"),
        ("extra", 1, r"unknown field 'extra'"),
        ("format", True, r"no number of its format"),
        ("format", FORMAT + 1, r"Update headstart"),
        ("spec", [], r"fields of BackboneSpec"),
        ("spec.n_float32_stages", 99, r"99 float32 stages of 19"),
        ("spec.n_float32_stages", "x", r"n_float32_stages 'x', need an int"),
        ("spec.resize", "crop", r"resize 'crop', which this version cannot do"),
        ("spec.colour_order", "GBR", r"colour_order 'GBR', which this version cannot do"),
        ("spec.value_range", [1.0, 0.0], r"value_range \[1.0, 0.0\], need two floats"),
        ("spec.name", "\x1b[2J", r"need characters that can be shown"),
    ],
)  # fmt: skip
def test_forged_metadata_are_refused_in_one_sentence(classifier_bytes, name, value, message):
    with pytest.raises(ClassifierError, match=message) as caught:
        parse_classifier(reseal(classifier_bytes, in_record(name, value)))
    assert str(caught.value).isprintable()


def test_deeply_nested_metadata_are_refused(classifier_bytes):
    def change(_, entries):
        entries["headstart"] = "[" * 200_000

    with pytest.raises(ClassifierError, match="its metadata cannot be read"):
        parse_classifier(reseal(classifier_bytes, change))


@pytest.mark.parametrize("name", ["head/weights", "head/bias"])
def test_a_head_that_is_not_finite_is_refused(classifier_bytes, name):
    def change(model, _):
        for tensor in model.graph.initializer:
            if tensor.name == name:
                values = numpy_helper.to_array(tensor).copy()
                values[-1] = np.nan
                tensor.CopyFrom(numpy_helper.from_array(values, name))

    with pytest.raises(ClassifierError, match="NaN or infinity"):
        parse_classifier(reseal(classifier_bytes, change))


def rename(model, old, new):
    for node in model.graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name == old:
                    names[i] = new


def test_a_graph_without_features_is_refused(classifier_bytes):
    with pytest.raises(ClassifierError, match="no layer 'features'"):
        parse_classifier(reseal(classifier_bytes, lambda model, _: rename(model, "features", "others")))


def test_features_of_another_width_are_refused(classifier_bytes):
    def change(model, _):
        rename(model, "features", "others")
        rename(model, "scores", "features")

    with pytest.raises(ClassifierError, match=r"features of shape .*3\] for a head of 1280"):
        parse_classifier(reseal(classifier_bytes, change))


def test_an_input_of_another_type_is_refused(classifier_bytes):
    def change(model, _):
        model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.INT8

    with pytest.raises(ClassifierError, match=r"input of shape i8 .* for an image size of 96"):
        parse_classifier(reseal(classifier_bytes, change))


@pytest.mark.parametrize(("n_made", "n_claimed"), [(1, 4), (4, 1), (4, 8), (2, 4)])
def test_an_average_that_the_network_does_not_make_is_refused(change_metadata, parts, n_made, n_claimed):
    data = build_classifier(*parts[:3], change_metadata(n_averaged=n_made))
    with pytest.raises(ClassifierError, match=rf"average over {n_claimed} views for a network that makes {n_made}"):
        parse_classifier(reseal(data, in_record("n_averaged", n_claimed)))


@pytest.mark.parametrize("n_averaged", [2, 4, 8])
def test_an_average_that_the_network_makes_is_read(change_metadata, parts, n_averaged):
    data = build_classifier(*parts[:3], change_metadata(n_averaged=n_averaged))
    assert parse_classifier(data).metadata.n_averaged == n_averaged


def test_an_average_without_its_layer_is_refused(change_metadata, parts):
    data = build_classifier(*parts[:3], change_metadata(n_averaged=4))
    with pytest.raises(ClassifierError, match="no layer 'features_of_views' for its average"):
        parse_classifier(reseal(data, lambda model, _: rename(model, "features_of_views", "others")))


def test_the_second_reading_parses_no_graph(classifier_bytes, monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    first = parse_classifier(classifier_bytes)
    monkeypatch.delattr(file, "_read_network")
    second = parse_classifier(classifier_bytes)
    assert second.metadata == first.metadata
    np.testing.assert_array_equal(second.weights, first.weights)
    np.testing.assert_array_equal(second.bias, first.bias)


def find_tensor(model, name):
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def read_other_file(model, entries):
    tensor = find_tensor(model, "head/bias")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="secret.bin")


def call_other_operator(model, entries):
    model.graph.node.append(onnx.helper.make_node("StringNormalizer", ["scores"], ["text"]))


def break_weights(model, entries):
    tensor = find_tensor(model, next(node.input[1] for node in model.graph.node if node.op_type == "Conv"))
    tensor.raw_data = b"\xff\xff\xff\x7f" + tensor.raw_data[4:]


def drop_record(model, entries):
    del entries["headstart"]


def fill_record(model, entries):
    entries["headstart"] = "[" + "{}," * 1_000_000 + "{}]"


def nest_record(model, entries):
    entries["headstart"] = "[" * 200_000


def enlarge_number(model, entries):
    entries["headstart"] = entries["headstart"].replace('"seed": 0', '"seed": 1' + "0" * 5000)


def forget_head(model, entries):
    find_tensor(model, "head/weights").name = "other"


def retype_head(model, entries):
    tensor = find_tensor(model, "head/bias")
    tensor.data_type, tensor.raw_data = onnx.TensorProto.INT64, bytes(24)


def write_bytes_for_text(model, entries):
    """The engine quotes an attribute that it does not know, whatever its bytes are."""
    convolution = next(node for node in model.graph.node if node.op_type == "Conv")
    next(part for part in convolution.attribute if part.name == "auto_pad").s = b"SAME_\xf8"


@pytest.mark.parametrize(
    ("change", "reason"),
    [(write_bytes_for_text, "its graph cannot be read"),
     (read_other_file, "weights in another file"), (call_other_operator, "not on the list, 'StringNormalizer'"),
     (break_weights, "NaN or infinity"), (drop_record, "no record of what it is"),
     (fill_record, "more than 1,000,000 values"), (nest_record, "metadata cannot be read"),
     (enlarge_number, "metadata cannot be read"), (forget_head, "input 'head/weights'"),
     (retype_head, "it has no weights 'head/bias'")],
)  # fmt: skip
def test_a_sealed_file_that_we_did_not_write_is_refused(classifier_bytes, tmp_path, change, reason):
    (tmp_path / "secret.bin").write_bytes(bytes(12))
    path = tmp_path / "model.onnx"
    path.write_bytes(reseal(classifier_bytes, change))
    with pytest.raises(ClassifierError, match=f"Cannot load classifier '{path}': .*{reason}"):
        read_classifier(path)
    with pytest.raises(ClassifierError, match=reason):
        parse_classifier(path.read_bytes())


def test_a_file_is_checked_before_the_engine_reads_it(classifier_bytes, monkeypatch):
    def read_nothing():
        raise AssertionError

    monkeypatch.setattr(file, "get_core", read_nothing)
    with pytest.raises(ClassifierError, match="weights in another file"):
        parse_classifier(reseal(classifier_bytes, read_other_file))
