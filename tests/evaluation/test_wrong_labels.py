"""The verdict says about how many labels look wrong, and which command lists them."""

import pytest

from headstart.evaluation.verdict import write_verdict
from headstart.evaluation.wrong_labels import say_wrong_labels, tell_wrong_labels, write_audit_command


def make_metrics(n, *, n_judged=2500, source="my pets"):
    return {"photos_to_look_at": {"labels_that_look_wrong": n, "n_judged": n_judged, "source": source}}


@pytest.mark.parametrize(("n", "told"), [(7, "7"), (75, "75"), (304, "300"), (1_251, "1,300")])
def test_the_number_has_two_digits(n, told):
    assert tell_wrong_labels(make_metrics(n)) == f"About {told} of the 2,500 labels look wrong"


@pytest.mark.parametrize("metrics", [{}, {"photos_to_look_at": None}, make_metrics(0)])
def test_without_a_sign_of_wrong_labels_nothing_is_said(metrics):
    assert say_wrong_labels(metrics) == ""


def test_the_command_can_be_pasted():
    assert say_wrong_labels(make_metrics(75)).endswith(": headstart audit 'my pets' lists the most suspicious.")
    assert write_audit_command({"source": None}) == write_audit_command({}) == "headstart audit"


def test_the_verdict_ends_with_wrong_labels():
    test = {"n": 1000, "accuracy": 0.9, "accuracy_ci95": [0.88, 0.92]}
    plain = write_verdict({"test": test})
    assert write_verdict({"test": test, **make_metrics(0)}) == plain
    assert write_verdict({"test": test, **make_metrics(75)}) == f"{plain} {say_wrong_labels(make_metrics(75))}"
