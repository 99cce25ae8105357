"""The rules that make an answer of probabilities and novelty."""

import json

import numpy as np
import pytest

from headstart.classifier.decision import Decision
from headstart.classifier.label_sets import calibrate_label_sets
from headstart.classifier.refusal import NONE_OF_THESE
from headstart.classifier.rules import AnswerRules, describe_rules
from headstart.errors import ClassifierError

ROW = np.array([0.3, 0.6, 0.1], np.float32)
SETS = calibrate_label_sets(np.arange(60) % 2 == 1, np.tile([0.3, 0.6], 30))


@pytest.fixture
def metadata(change_metadata):
    return change_metadata(n_novelty_photos=150, label_sets=SETS)


def test_a_strange_photo_is_refused_and_keeps_its_nearest_class(metadata):
    rules = AnswerRules.make(metadata, "auto", None)
    assert rules.refused_share == 0.01
    answers = {novelty: rules.answer(None, ROW, novelty) for novelty in (0.0099, 0.01, 0.0101, 0.5)}
    assert [answer.is_known for answer in answers.values()] == [False, False, True, True]
    assert [answer.answer for answer in answers.values()] == [NONE_OF_THESE] * 2 + ["stripes"] * 2
    assert {answer.label for answer in answers.values()} == {"stripes"}
    assert [answer.novelty for answer in answers.values()] == list(answers)


def test_refusal_can_be_turned_off_and_set(metadata):
    assert AnswerRules.make(metadata, None, None).is_known(0.0)
    assert not AnswerRules.make(metadata, 0.05, None).is_known(0.05)
    assert AnswerRules.make(metadata, "auto", None).is_known(None)


def test_a_classifier_without_a_test_refuses_nothing(change_metadata):
    rules = AnswerRules.make(change_metadata(), "auto", None)
    assert (rules.refused_share, rules.level, rules.set_threshold) == (None, None, None)
    assert rules.answer(None, ROW, None).is_known
    with pytest.raises(ClassifierError, match="cannot tell how strange a photo is"):
        AnswerRules.make(change_metadata(), 0.05, None)
    with pytest.raises(ClassifierError, match="got a classifier without thresholds"):
        AnswerRules.make(change_metadata(), "auto", 0.9)


def test_a_label_set_stands_beside_the_answer(metadata):
    rules = AnswerRules.make(metadata, "auto", 0.9)
    assert rules.answer(None, ROW, 0.5).label_set == ("stripes", "dots")
    assert (rules.level, rules.expected) == (0.9, 0.9)
    assert AnswerRules.make(metadata, "auto", None).answer(None, ROW, 0.5).label_set is None


def test_a_refused_photo_has_no_label_set(metadata):
    refused = AnswerRules.make(metadata, "auto", 0.9).answer(None, ROW, 0.001)
    assert (refused.label_set, refused.label) == (None, "stripes")


@pytest.mark.parametrize("level", [0.4, 0.9])
def test_the_answer_of_a_working_point_is_in_the_label_set_and_first(change_metadata, level):
    decision = Decision(label="dots", threshold=0.2, find=0.9)
    metadata = change_metadata(n_novelty_photos=150, label_sets=SETS, decision=decision)
    rules = AnswerRules.make(metadata, "auto", level)
    assert rules.set_threshold == (1 if level == 0.4 else pytest.approx(0.3))
    found = rules.answer(None, ROW, 0.5)
    assert (found.answer, found.label_set) == ("dots", ("dots", "stripes"))


def test_a_refused_photo_is_refused_whatever_the_working_point_says(change_metadata):
    decision = Decision(label="dots", threshold=0.2, find=0.9)
    rules = AnswerRules.make(change_metadata(n_novelty_photos=150, decision=decision), "auto", None)
    known, refused = (rules.answer(None, ROW, novelty) for novelty in (0.5, 0.001))
    assert (known.answer, refused.answer) == ("dots", NONE_OF_THESE)
    assert refused.label == "dots"
    assert refused.decided_by == known.decided_by


def test_other_programs_are_told_all_rules(metadata, change_metadata):
    told = describe_rules(metadata)
    assert list(told) == ["novelty", "label_sets"]
    assert json.loads(told["novelty"])["refuse"] == 0.01
    assert describe_rules(change_metadata()) == {}
