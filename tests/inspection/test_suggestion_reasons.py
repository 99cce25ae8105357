"""Reasons are in plain words and name what the user can see."""

import pytest

from headstart.classifier.prediction import Prediction
from headstart.head.selection import Choice
from headstart.inspection.suggestion_reasons import explain_choice


def answer(cats, *, novelty=0.5, is_known=True):
    label = "cats" if cats >= 0.5 else "dogs"
    shares = {"cats": cats, "dogs": round(1 - cats, 6)}
    return Prediction(None, label, shares[label], shares, novelty=novelty, is_known=is_known)


@pytest.mark.parametrize(("choice", "given", "has_labels", "expected"), [
    (Choice(0, "typical", 213), None, True, ("typical", "typical of 213 photos that no labelled photo resembles")),
    (Choice(0, "typical", 213), None, False, ("typical", "typical of 213 photos that are alike")),
    (Choice(0, "typical", 1), None, True, ("typical", "in a group of its own")),
    (Choice(0, "typical", 40, 2), None, True,
     ("typical", "typical of 40 photos, of which 2 have a label or stand above")),
    (Choice(0, "undecided"), answer(0.48), True, ("undecided", "dogs 52%, cats 48%: the classifier is undecided")),
    (Choice(0, "undecided"), answer(0.9), True,
     ("undecided", "cats 90%, dogs 10%: one of the least sure answers")),
    (Choice(0, "undecided"), answer(0.9961), True,
     ("undecided", "cats 99.6%, dogs 0.4%: one of the least sure answers")),
    (Choice(0, "strange"), answer(0.9, novelty=0.004, is_known=False), True,
     ("strange", "stranger than 99% of the training photos: maybe none of the classes (nearest: cats 90%)")),
    (Choice(0, "typical", 5), answer(0.2, novelty=0.05, is_known=False), True,
     ("strange", "stranger than 95% of the training photos: maybe none of the classes (nearest: dogs 80%)")),
])  # fmt: skip
def test_reasons(choice, given, has_labels, expected):
    assert explain_choice(choice, given, has_labels=has_labels) == expected
