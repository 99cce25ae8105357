"""Strangers that a classifier and its export refuse."""

from types import SimpleNamespace

import numpy as np
import pytest

from headstart.classifier.rules import AnswerRules
from headstart.exports.prediction import Outputs
from headstart.exports.stranger_check import compare_on_strangers, describe_strangers

ROW = np.array([0.5, 0.5], np.float32)


def make_classifier(novelty, share=0.01):
    def judge(pixels):
        return ROW[None], None if novelty is None else np.array([novelty], np.float32)

    return SimpleNamespace(rules=AnswerRules(("a", "b"), None, share), image_size=32, judge_pixels=judge)


def make_export(novelty, n_other=0):
    seen = []

    def predict(path, pixels):
        assert path.is_file()
        assert pixels.shape == (32, 32, 3)
        seen.append(path)
        return Outputs(ROW, 0.5 if len(seen) <= n_other else novelty)

    return predict


def test_an_export_that_refuses_the_same_strangers_is_accepted():
    found = compare_on_strangers(make_classifier(0.001), make_export(0.002))
    assert found == {
        "n": 56, "n_refused": {"classifier": 56, "export": 56}, "n_refused_differently": 0, "is_accepted": True,
    }  # fmt: skip


@pytest.mark.parametrize(("n_other", "is_accepted"), [(5, True), (6, False), (56, False)])
def test_an_export_that_refuses_other_strangers_is_not_accepted(n_other, is_accepted):
    found = compare_on_strangers(make_classifier(0.001), make_export(0.002, n_other))
    assert (found["n_refused_differently"], found["is_accepted"]) == (n_other, is_accepted)


def test_an_export_without_novelty_is_not_accepted():
    found = compare_on_strangers(make_classifier(0.001), make_export(None))
    assert not found["is_accepted"]
    assert describe_strangers(found).endswith("refuses 56, and the export cannot refuse any")


def test_a_classifier_that_refuses_nothing_is_not_compared():
    assert compare_on_strangers(make_classifier(None, None), make_export(None)) is None
