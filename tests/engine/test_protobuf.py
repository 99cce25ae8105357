"""Messages are written and read as protobuf itself does."""

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from headstart.engine.protobuf import encode_field, encode_message, split_message

WHOLE = st.integers(0, 2**63 - 1)


@given(WHOLE, st.text(), st.binary(max_size=300))
def test_the_onnx_package_reads_encoded_messages(size, name, data):
    tensor = onnx.TensorProto.FromString(encode_message((1, size), (8, name), (9, data)))
    assert (list(tensor.dims), tensor.name, tensor.raw_data) == ([size], name, data)


@given(st.lists(st.text(max_size=20)), WHOLE)
def test_messages_of_the_onnx_package_are_split_into_their_fields(names, version):
    model = helper.make_model(helper.make_graph([], "graph", [], []), ir_version=8)
    model.model_version = version
    helper.set_model_props(model, {f"{n} {name}": name for n, name in enumerate(names)})
    data = model.SerializeToString()
    fields = list(split_message(data))
    assert b"".join(field for _, field, _ in fields) == data
    assert sum(number == 14 for number, _, _ in fields) == len(names)


def test_numbers_of_fixed_length_have_no_value():
    tensor = onnx.TensorProto(float_data=[], name="a")
    message = tensor.SerializeToString() + b"\x0d\x00\x00\x80\x3f" + b"\x11" + bytes(8)  # fields 1 and 2
    assert [(number, bytes(value)) for number, _, value in split_message(message)] == [(8, b"a"), (1, b""), (2, b"")]


@given(st.binary(max_size=40))
def test_any_bytes_are_a_message_or_a_value_error(data):
    try:
        fields = list(split_message(data))
    except ValueError:
        return
    assert b"".join(field for _, field, _ in fields) == data


@pytest.mark.parametrize("data", [b"\x08", b"\x12\x05abc", b"\xff" * 12, b"\x0b"])
def test_incomplete_and_unknown_fields_are_refused(data):
    with pytest.raises(ValueError, match="got a"):
        list(split_message(data))


def test_a_long_length_takes_several_bytes():
    assert encode_field(7, b"x" * 300)[:3] == b"\x3a\xac\x02"
