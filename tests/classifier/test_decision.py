"""The answer follows the rule of the decision, and the ranking has it first."""

import itertools

import numpy as np
import pytest

from headstart.classifier.decision import Decision, MistakeCost, decide_answers, rank_classes

LABELS = ("cracked", "dented", "fine")
GENERATOR = np.random.default_rng(0)
ROWS = GENERATOR.dirichlet([0.5] * 3, 500).astype(np.float32)


def test_without_a_decision_the_most_probable_class_is_the_answer():
    assert (decide_answers(ROWS, LABELS, None) == ROWS.argmax(1)).all()


def test_a_class_is_the_answer_from_its_threshold_on():
    decision = Decision(label="cracked", threshold=float(ROWS[7, 0]))
    answers = decision.decide(ROWS, LABELS)
    assert answers[7] == 0
    assert ((answers == 0) == (ROWS[:, 0] >= ROWS[7, 0])).all()
    others = answers != 0
    assert (answers[others] == 1 + ROWS[others, 1:].argmax(1)).all()


@pytest.mark.parametrize(("threshold", "expected"), [(0.0, {0}), (1.0, {1, 2})])
def test_the_ends_of_the_range_always_and_never_give_the_class(threshold, expected):
    rows = ROWS[ROWS[:, 0] < 1]
    assert set(Decision(label="cracked", threshold=threshold).decide(rows, LABELS).tolist()) == expected


def test_costs_give_the_answer_of_the_lowest_expected_cost():
    costs = (
        MistakeCost("cracked", "fine", 20.0),
        MistakeCost("dented", "fine", 5.0),
        MistakeCost("fine", "dented", 0.5),
    )
    table = 1 - np.eye(3)
    for cost in costs:
        table[LABELS.index(cost.label), LABELS.index(cost.answer)] = cost.cost
    expected = (ROWS.astype(np.float64) @ table).argmin(1)
    answers = Decision(costs=costs).decide(ROWS, LABELS)
    assert (answers == expected).all()
    assert (answers != ROWS.argmax(1)).any()


def test_costs_of_two_classes_are_a_threshold():
    rows = np.stack([ROWS[:, 0], 1 - ROWS[:, 0]], axis=1)
    by_cost = Decision(costs=(MistakeCost("bad", "good", 20.0),)).decide(rows, ("bad", "good"))
    by_threshold = Decision(label="bad", threshold=1 / 21).decide(rows, ("bad", "good"))
    assert (by_cost == by_threshold).all()
    assert (by_cost != rows.argmax(1)).any()


def test_probabilities_are_not_changed():
    before = ROWS.copy()
    Decision(label="cracked", threshold=0.1).decide(ROWS, LABELS)
    Decision(costs=(MistakeCost("cracked", "fine", 20.0),)).decide(ROWS, LABELS)
    assert (before == ROWS).all()


def test_the_ranking_has_the_answer_first_and_then_the_most_probable():
    row = np.array([0.2, 0.3, 0.5], np.float32)
    ranked, why = rank_classes(row, LABELS, Decision(label="cracked", threshold=0.15))
    assert list(ranked) == ["cracked", "fine", "dented"]
    assert why == "by the working point of 'cracked': at least 15.0%"


def test_the_ranking_says_why_a_probable_class_is_not_the_answer():
    row = np.array([0.6, 0.3, 0.1], np.float32)
    ranked, why = rank_classes(row, LABELS, Decision(label="cracked", threshold=0.75))
    assert list(ranked) == ["dented", "cracked", "fine"]
    assert why == "by the working point of 'cracked': less than 75.0%"
    ranked, why = rank_classes(row, LABELS, Decision(costs=(MistakeCost("fine", "cracked", 9.0),)))
    assert (next(iter(ranked)), why) == ("dented", "by the costs of mistakes")


def test_nothing_is_said_if_the_answer_is_the_most_probable_class():
    row = np.array([0.2, 0.3, 0.5], np.float32)
    for decision in (
        None,
        Decision(label="fine", threshold=0.4),
        Decision(costs=(MistakeCost("fine", "dented", 2.0),)),
    ):
        ranked, why = rank_classes(row, LABELS, decision)
        assert (list(ranked), why) == (["fine", "dented", "cracked"], None)


def test_a_decision_is_described_in_one_sentence():
    assert Decision(label="cracked", threshold=0.031).describe() == (
        "The answer is 'cracked' if its probability is at least 3.1%, else the most probable of the other classes."
    )
    assert Decision(costs=(MistakeCost("cracked", "fine", 20.0),)).describe() == (
        "The answer has the lowest expected cost: 'cracked' called 'fine' 20; any other mistake 1."
    )
    many = tuple(MistakeCost(*pair, 2.0) for pair in itertools.permutations(LABELS, 2))
    assert "and 1 more; any other mistake 1" in Decision(costs=many).describe()
