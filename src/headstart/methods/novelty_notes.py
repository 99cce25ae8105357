"""Notes on the refusal of strangers: that none is refused, or that own photos are refused too often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.classifier.refusal import NONE_OF_THESE
from headstart.evaluation.notes import Note
from headstart.evaluation.refused_share import is_refused_often
from headstart.evaluation.words import count_photos, format_percent
from headstart.head.novelty import FEWEST_UNITS


def note_refusal(record: Mapping[str, Any]) -> list[Note]:
    """Return the notes on the record ``novelty`` of metrics.json."""
    if record["refuse"] is None:
        return [Note("refuses-none", _say_few(record))]
    test = record["test"]
    if test is None or not is_refused_often(test["refused"], record["refuse"], test["p"]):
        return []
    text = (
        f"{test['n_refused']:,} of {count_photos(test['n'], 'test')} ({format_percent(test['refused'])}) are refused "
        f"as '{NONE_OF_THESE}', and {100 * record['refuse']:g}% were expected: the test photos are unlike the photos "
        "that the classifier was trained on."
    )
    return [Note("refused-often", text, "warning")]


def _say_few(record: Mapping[str, Any]) -> str:
    measured_on = record["measured_on"].replace("train", "training").replace("+", " and ")
    if not measured_on:
        had = "there were no validation photos"
    else:
        had = f"there {'was' if record['n'] == 1 else 'were'} {count_photos(record['n'], measured_on)}"
    return f"The classifier refuses no photo as '{NONE_OF_THESE}': this needs {FEWEST_UNITS} photos, and {had}."
