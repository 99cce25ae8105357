"""Costs are read from texts; wrong ones are refused with what was probably meant."""

import pytest

from headstart.classifier.decision import MistakeCost
from headstart.errors import FitError
from headstart.methods.cost_texts import read_costs

LABELS = ("a:b", "b", "c=d", "Zürich")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b:Zürich=20", ("b", "Zürich", 20.0)),
        ("a:b:c=d=0.5", ("a:b", "c=d", 0.5)),
        ("b:a:b=2", ("b", "a:b", 2.0)),
        ("Zu\N{COMBINING DIAERESIS}rich : b = 3", ("Zürich", "b", 3.0)),
    ],
)
def test_costs_are_read_also_of_names_with_signs(text, expected):
    assert read_costs([text], LABELS) == (MistakeCost(*expected),)


@pytest.mark.parametrize(
    "text", ["b", "b:Zürich", "b=20", "b:Zürich=0", "b:Zürich=-1", "b:Zürich=inf", "b:Zürich=x", "="]
)
def test_another_form_is_refused_with_an_example(text):
    with pytest.raises(FitError, match="need TRUE:ANSWER=COST with a cost above 0, such as defective:functional=20"):
        read_costs([text], LABELS)


def test_an_unknown_class_is_refused_with_the_one_that_was_meant():
    with pytest.raises(FitError, match=r"unknown class 'Zurich' \(did you mean 'Zürich'\?\), need one of the classes"):
        read_costs(["b:Zurich=20"], LABELS)


def test_a_right_answer_has_no_cost_and_a_mistake_has_one():
    with pytest.raises(FitError, match="need two classes: a right answer costs nothing"):
        read_costs(["b:b=2"], LABELS)
    with pytest.raises(FitError, match="need one cost for each mistake"):
        read_costs(["b:Zürich=2", "b:Zürich=3"], LABELS)
