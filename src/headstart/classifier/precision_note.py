"""A note on a precision that a classifier cannot compute in."""

from __future__ import annotations

from headstart.classifier.classifier import Classifier
from headstart.evaluation.notes import Note, note_unused


def note_precision(classifier: Classifier, asked: str) -> list[Note]:
    """Return a note if float32 was asked of a quantised classifier; `choose_precision` refuses bf16."""
    if asked == "f32" and classifier.precision == "int8":
        return [note_unused("--precision f32", "the classifier is quantised, and always computes in int8")]
    return []
