"""The seal tells a whole file from a damaged one, and a damaged one from a foreign one."""

import hashlib

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.backbone.loading import load_backbone
from headstart.classifier.seal import SEAL_LENGTH, check_seal, seal_bytes
from headstart.errors import ClassifierError


def test_a_sealed_model_is_still_onnx():
    weights = load_backbone().weights
    sealed = seal_bytes(weights)
    assert len(sealed) == len(weights) + SEAL_LENGTH
    entries = {entry.key: entry.value for entry in onnx.load_from_string(sealed).metadata_props}
    assert len(entries["headstart.seal"]) == 64
    assert check_seal(sealed) == hashlib.sha256(weights).hexdigest()


@given(st.data())
def test_any_changed_byte_breaks_the_seal(data):
    sealed = bytearray(seal_bytes(b"\x08\x08\x12\x14headstart-classifier and so on"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ClassifierError, match=r"damaged|not a classifier"):
        check_seal(bytes(sealed))


def test_cut_off_foreign_and_empty_files_are_told_apart():
    sealed = seal_bytes(b"\x08\x08\x12\x14headstart-classifier and so on")
    with pytest.raises(ClassifierError, match="cut off"):
        check_seal(sealed[:-3])
    with pytest.raises(ClassifierError, match="not a classifier that headstart wrote"):
        check_seal(load_backbone().weights)
    with pytest.raises(ClassifierError, match="empty"):
        check_seal(b"")
