"""Answers are counted by class, and told in words."""

import numpy as np

from headstart.evaluation.working_points import measure_answers, say_measured, say_working_points

Y = np.array([0] * 10 + [1] * 40)
ANSWERS = np.array([0] * 9 + [1] * 1 + [0] * 4 + [1] * 36)


def test_found_photos_and_false_alarms_are_counted():
    found = measure_answers(Y, ANSWERS, 0)
    assert (found["n_positive"], found["n_negative"], found["n_found"], found["n_false_alarms"]) == (10, 40, 9, 4)
    assert (found["recall"], found["false_alarm_rate"], found["precision"]) == (0.9, 0.1, 9 / 13)
    assert found["accuracy"] == 45 / 50
    assert found["recall_ci95"][0] < 0.9 < found["recall_ci95"][1]
    assert found["false_alarm_rate_ci95"][0] < 0.1 < found["false_alarm_rate_ci95"][1]


def test_shares_of_nothing_are_none():
    found = measure_answers(Y[:0], ANSWERS[:0], 0)
    assert [found[key] for key in ("recall", "false_alarm_rate", "precision", "accuracy")] == [None] * 4
    assert found["recall_ci95"] == [0.0, 1.0]


def make_record(**changes):
    record = measure_answers(Y, ANSWERS, 0) | {"label": "bad", "find": 0.9, "threshold": 0.031, "costs": []}
    return record | {"judged_by": "cross-validation"} | changes


def test_a_threshold_is_told_with_what_it_finds_and_what_it_costs():
    (text,) = say_working_points([make_record()])
    assert (
        "the answer is 'bad' if its probability is at least 3.1%. This rule finds 90.0% of new photos of 'bad'" in text
    )
    assert "and calls 10.0% of all other photos 'bad'" in text
    assert text.endswith("by cross-validation with 10 photos of the class.")


def test_costs_of_several_classes_are_listed():
    costs = [{"label": "bad", "answer": "good", "cost": 20.0}] * 7
    first, other = say_working_points(
        [make_record(threshold=None, costs=costs, mean_cost=0.2, most_probable={"mean_cost": 0.41})] * 2
    )
    assert "the lowest expected cost: 'bad' called 'good' 20, " in first
    assert "2 more, any other mistake 1. This rule finds" in first
    assert first.endswith("The mean cost is 0.200 instead of 0.410.")
    assert other.startswith("The rule finds 90.0% of new photos of 'bad'")


def test_photos_of_one_class_alone_have_no_false_alarms_to_tell():
    record = make_record(**measure_answers(Y[:10], ANSWERS[:10], 0))
    assert "and calls" not in say_working_points([record])[0]
    nothing = make_record(**measure_answers(Y[10:], ANSWERS[10:], 0))
    assert "an unknown share of the photos of 'bad'" in say_working_points([nothing])[0]


def test_measured_answers_are_told_with_their_counts():
    text = say_measured(make_record())
    assert text.startswith("By its working point, the classifier finds 9 of 10 photos of 'bad' (90.0%, 95% interval ")
    assert "and calls 4 of 40 others 'bad' (10.0%, 95% interval " in text
    assert "finds" not in say_measured(make_record(**measure_answers(Y[10:], ANSWERS[10:], 0)))


def test_intervals_allow_for_groups():
    groups = [str(n // 5) for n in range(len(Y))]
    plain, grouped = measure_answers(Y, ANSWERS, 0), measure_answers(Y, ANSWERS, 0, groups)
    for key in ("recall_ci95", "false_alarm_rate_ci95"):
        assert grouped[key][1] - grouped[key][0] > plain[key][1] - plain[key][0]


def test_a_rule_that_does_not_lower_the_cost_is_told():
    cost = {"mean_cost": 0.494, "most_probable": {"mean_cost": 0.482}}
    (text,) = say_working_points([make_record(**cost)])
    assert text.endswith("The mean cost is 0.494 instead of 0.482. On these photos the rule does not lower the cost.")
    cost["most_probable"] = {"mean_cost": 0.495}
    assert "does not lower" not in say_working_points([make_record(**cost)])[0]
