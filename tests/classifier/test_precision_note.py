"""float32 that a quantised classifier cannot compute in is noted."""

from types import SimpleNamespace

import pytest

from headstart.classifier.precision_note import note_precision


@pytest.mark.parametrize(
    ("asked", "precision", "n"), [("f32", "int8", 1), ("auto", "int8", 0), ("f32", "f32", 0), ("bf16", "bf16", 0)]
)
def test_float32_of_a_quantised_classifier_is_noted(asked, precision, n):
    assert len(note_precision(SimpleNamespace(precision=precision), asked)) == n
