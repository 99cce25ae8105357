"""One accuracy is quoted, for a reason; each of the others says what it is of."""

import pytest

from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.quoting import choose_quote, disagrees, list_figures


def judge(share, n):
    right = round(share * n)
    return {"n": n, "accuracy": right / n, "accuracy_ci95": list(wilson_interval(right, n))}


def quote(**metrics):
    chosen = choose_quote(metrics)
    return (chosen.figure.name, chosen.reason) if chosen else None


def test_nothing_is_quoted_if_nothing_was_evaluated():
    assert quote(test=None, validation=None, train=None) is None


def test_the_test_figure_is_quoted_if_cross_validation_agrees():
    name, reason = quote(test=judge(0.98, 300), cross_validation=judge(0.975, 2000))
    assert name == "test"
    assert "agrees" in reason


def test_the_test_figure_is_quoted_if_there_is_no_other():
    assert quote(test=judge(0.5, 20), train=judge(1, 80))[0] == "test"


def test_cross_validation_is_quoted_if_the_test_photos_are_few():
    name, reason = quote(test=judge(0.95, 37), cross_validation=judge(0.93, 245))
    assert name == "cross_validation"
    assert reason.startswith("The test set has only 37 photos. Cross-validation judges 245 photos,")


def test_a_test_set_that_was_given_is_quoted_though_cross_validation_differs():
    name, reason = quote(test=judge(0.7, 300), cross_validation=judge(0.9, 2000), is_test_drawn=False)
    assert name == "test"
    assert "90.0%. The difference is more than chance usually explains" in reason


def test_a_test_set_that_was_drawn_easy_by_chance_is_not_quoted():
    name, reason = quote(test=judge(0.99, 300), cross_validation=judge(0.9, 2000), is_test_drawn=True)
    assert name == "cross_validation"
    assert reason == "The test photos, drawn at random, seem to be easier than all photos together."


@pytest.mark.parametrize(("n_left", "name"), [(200, "without_near_copies"), (10, "test")])
def test_test_photos_without_near_copies_are_quoted_if_enough_are_left(n_left, name):
    near = {"without": judge(0.8, n_left), "across": {"test": 300 - n_left}}
    chosen, reason = quote(test=judge(0.95, 300), near_copies=near, cross_validation=judge(0.95, 2000))
    assert chosen == name
    assert "near cop" in reason
    assert "agrees" not in reason


def test_of_a_series_the_test_figure_is_quoted_with_its_limit():
    near = {"without": judge(0.8, 40), "across": {"test": 260}, "is_chained": True}
    assert quote(test=judge(0.95, 300), near_copies=near) == (
        "test", "86.7% of the test photos have a near copy in training: this accuracy is for such photos, not for new "
        "ones.",
    )  # fmt: skip


def test_without_a_test_split_cross_validation_is_quoted_then_validation():
    metrics = {"test": None, "validation": judge(0.9, 50), "train": judge(1, 200)}
    assert quote(**metrics, cross_validation=judge(0.8, 250))[0] == "cross_validation"
    assert quote(**metrics, cross_validation=judge(0.8, 10))[0] == "validation"
    assert quote(train=judge(1, 20), cross_validation=judge(0.2, 10))[0] == "cross_validation"


def test_the_accuracy_on_training_photos_is_never_quoted():
    assert quote(train=judge(1, 20)) is None


def test_intervals_may_overlap_and_still_disagree():
    def make(share, n):
        return next(figure for figure in list_figures({"test": judge(share, n)}))

    assert not disagrees(make(0.9, 100), make(0.93, 100))
    assert disagrees(make(0.9, 400), make(0.95, 400))
    assert disagrees(make(0.95, 400), make(0.9, 400))


@pytest.mark.parametrize(
    ("fitted", "of_test", "of_train"),
    [
        ("train", "this classifier", "this classifier"),
        ("train+validation", "this classifier", "this classifier before it was fitted again"),
        ("all", "this classifier before it was fitted again", "this classifier before it was fitted again"),
    ],
)
def test_each_figure_says_of_which_head_it_is(fitted, of_test, of_train):
    metrics = {"test": judge(0.9, 100), "train": judge(1, 400), "fitted_on": fitted}
    figures = {figure.name: figure.judged for figure in list_figures(metrics)}
    assert figures == {"test": of_test, "train": of_train}


def test_every_accuracy_of_a_full_run_is_listed():
    one = judge(0.9, 100)
    metrics = {
        "test": one, "validation": one, "train": one, "cross_validation": one, "near_copies": {"without": one},
        "repeats": {"n": 5, "mean": 0.9, "mean_ci95": [0.85, 0.95], "n_test": 100},
        "elsewhere": {"group_kind": "camera", "same": one, "new": judge(0.7, 100)},
        "strength": {"chosen": 0.1, "table": [{"strength": 0.1, "accuracy": 0.8}], "is_weighted": True},
        "working_points": [
            {"label": "rust", "test": {"n_positive": 20, "n_negative": 80, "accuracy": 0.7}},
            {"label": "x", "test": None},
        ],
    }  # fmt: skip
    figures = {figure.name: figure for figure in list_figures(metrics)}
    assert list(figures) == [
        "test", "without_near_copies", "cross_validation", "repeats", "elsewhere_same", "elsewhere_new", "validation",
        "train", "working_point", "strength",
    ]  # fmt: skip
    assert {figure.name for figure in figures.values() if figure.is_weighted} == {"strength"}
    assert figures["working_point"].n == 100
    assert figures["elsewhere_new"].photos == "all photos, without photos of the same camera in training"
