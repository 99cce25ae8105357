"""Notes on the refusal of strangers."""

import pytest

from headstart.methods.novelty_notes import note_refusal


def make_record(**changes):
    test = {"n": 300, "n_refused": 60, "refused": 0.2, "p": 1e-9}
    return {"n": 1000, "measured_on": "train", "refuse": 0.01, "test": test} | changes


@pytest.mark.parametrize(
    ("measured_on", "n", "text"),
    [
        ("train+validation", 14, "there were 14 training and validation photos"),
        ("validation", 1, "there was 1 validation photo"),
        ("", 0, "there were no validation photos"),
    ],
)
def test_few_photos_are_named_if_none_is_refused(measured_on, n, text):
    (note,) = note_refusal(make_record(measured_on=measured_on, n=n, refuse=None, test=None))
    assert (note.code, note.severity) == ("refuses-none", "info")
    assert note.text == f"The classifier refuses no photo as 'none of these': this needs 19 photos, and {text}."


def test_test_photos_that_are_refused_too_often_are_a_warning():
    (note,) = note_refusal(make_record())
    assert (note.code, note.severity) == ("refused-often", "warning")
    assert note.text.startswith("60 of 300 test photos (20.0%) are refused as 'none of these', and 1% were expected")


@pytest.mark.parametrize(
    "test",
    [
        None,
        {"n": 300, "n_refused": 6, "refused": 0.02, "p": 1e-9},  # not more than twice
        {"n": 20, "n_refused": 1, "refused": 0.05, "p": 0.2},  # may be chance
    ],
)
def test_a_share_that_is_promised_or_may_be_chance_is_no_note(test):
    assert note_refusal(make_record(test=test)) == []
