"""Every metric against scikit-learn, and cases where a metric is undefined."""

import json

import numpy as np
import pytest
from sklearn import metrics as reference

from headstart.errors import EvaluationError
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.metrics import evaluate_probabilities, majority_accuracy

LETTERS = "abcdefgh"


def make_predictions(n, n_classes, seed=0, sharpness=2.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    scores = rng.normal(size=(n, n_classes)) + sharpness * np.eye(n_classes)[y]
    probabilities = np.exp(scores)
    return y, probabilities / probabilities.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_metrics_agree_with_scikit_learn(n_classes, is_weighted):
    y, p = make_predictions(300, n_classes)
    weights = np.random.default_rng(1).random(300) * 3 if is_weighted else None
    classes, answers, options = list(LETTERS[:n_classes]), p.argmax(axis=1), {"sample_weight": weights}
    ours = evaluate_probabilities(y, p, classes, **options)
    labels = range(n_classes)
    average = {"binary": p[:, 1], "multi": p}["binary" if n_classes == 2 else "multi"]
    truth = y if n_classes == 2 else np.eye(n_classes)[y]
    precision, recall, f1, _ = reference.precision_recall_fscore_support(y, answers, labels=labels, **options)
    expected = {
        "accuracy": reference.accuracy_score(y, answers, **options),
        "loss": reference.log_loss(y, p, **options),
        "macro_f1": reference.f1_score(y, answers, average="macro", **options),
        "balanced_accuracy": reference.balanced_accuracy_score(y, answers, **options),
        "roc_auc": reference.roc_auc_score(truth, average, **options),
        "average_precision": reference.average_precision_score(truth, average, **options),
    }
    if n_classes > 3:
        expected["top3_accuracy"] = reference.top_k_accuracy_score(y, p, k=3, **options)
    assert {name: ours[name] for name in expected} == pytest.approx(expected, abs=1e-10)
    assert np.array(ours["confusion_matrix"]) == pytest.approx(reference.confusion_matrix(y, answers, **options))
    for c, name in enumerate(classes):
        judged = ours["per_class"][name]
        found = (judged["precision"], judged["recall"], judged["f1"], judged["support"])
        assert found == pytest.approx((precision[c], recall[c], f1[c], (y == c).sum()), abs=1e-10)


def test_intervals_are_wilson_intervals_of_the_counts():
    y, p = make_predictions(200, 3)
    is_right = p.argmax(axis=1) == y
    ours = evaluate_probabilities(y, p, ["a", "b", "c"])
    assert ours["accuracy_ci95"] == pytest.approx(wilson_interval(is_right.sum(), 200))
    expected = wilson_interval(is_right[y == 1].sum(), (y == 1).sum())
    assert ours["per_class"]["b"]["recall_ci95"] == pytest.approx(expected)


def test_groups_widen_the_intervals_and_change_nothing_else():
    y, p = np.repeat([0, 1], 30), np.tile([[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], (20, 1))
    plain = evaluate_probabilities(y, p, ["a", "b"])
    single = evaluate_probabilities(y, p, ["a", "b"], groups=[str(n) for n in range(60)])
    grouped = evaluate_probabilities(y, p, ["a", "b"], groups=[str(n // 6) for n in range(60)])
    assert single == plain
    assert grouped["accuracy_ci95"][0] < plain["accuracy_ci95"][0]
    assert grouped["per_class"]["a"]["recall_ci95"][1] > plain["per_class"]["a"]["recall_ci95"][1]
    assert {name for name in plain if plain[name] != grouped[name]} == {"accuracy_ci95", "per_class"}


def test_each_photo_needs_a_group():
    with pytest.raises(EvaluationError, match=r"got groups of shape \(1,\), need \(2,\)"):
        evaluate_probabilities([0, 1], [[0.8, 0.2], [0.4, 0.6]], ["a", "b"], groups=["x"])


def test_equal_weights_change_nothing():
    y, p = make_predictions(50, 3)
    plain = evaluate_probabilities(y, p, ["a", "b", "c"])
    weighted = evaluate_probabilities(y, p, ["a", "b", "c"], sample_weight=np.full(50, 0.25))
    for name in ("accuracy", "loss", "macro_f1", "roc_auc", "expected_calibration_error"):
        assert weighted[name] == pytest.approx(plain[name]), name
    assert weighted["accuracy_ci95"] == pytest.approx(plain["accuracy_ci95"])


def test_metrics_of_classes_absent_from_y_are_none():
    y, p = np.array([0, 0, 2]), np.array([[0.8, 0.1, 0.1, 0.0], [0.2, 0.7, 0.1, 0.0], [0.1, 0.2, 0.7, 0.0]])
    ours = evaluate_probabilities(y, p, list("abcd"))
    assert ours["per_class"]["b"] == {
        "precision": 0.0, "recall": None, "f1": 0.0, "support": 0, "recall_ci95": [0.0, 1.0],
    }  # fmt: skip
    assert ours["per_class"]["d"]["precision"] is None
    assert ours["per_class"]["d"]["f1"] is None
    # class b was answered, so it counts in the mean of F1 as it does in scikit-learn; d neither exists nor was answered
    assert ours["macro_f1"] == pytest.approx(reference.f1_score(y, p.argmax(1), average="macro", zero_division=0))
    assert ours["balanced_accuracy"] == pytest.approx(0.75)
    assert ours["roc_auc"] == 1.0
    assert ours["confusion_matrix"] == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_ranking_metrics_are_none_if_y_has_one_class():
    ours = evaluate_probabilities([1, 1], [[0.2, 0.8], [0.6, 0.4]], ["a", "b"])
    assert ours["roc_auc"] is None
    assert ours["average_precision"] is None
    assert ours["top3_accuracy"] is None
    assert ours["accuracy"] == 0.5


def test_ties_go_to_the_lower_class():
    ours = evaluate_probabilities([1, 3], np.full((2, 4), 0.25), list("abcd"))
    assert ours["confusion_matrix"][1] == [1, 0, 0, 0]
    assert ours["top3_accuracy"] == 0.5
    assert ours["roc_auc"] == 0.5


def test_the_loss_of_a_certain_mistake_is_finite():
    assert evaluate_probabilities([0], [[0.0, 1.0]], ["a", "b"])["loss"] == pytest.approx(-np.log(1e-7))


def test_float16_probabilities_are_evaluated_in_float64():
    y, p = make_predictions(100, 6)
    ours = evaluate_probabilities(y.astype(np.uint8), p.astype(np.float16), list("abcdef"))
    assert ours["loss"] == pytest.approx(evaluate_probabilities(y, p, list("abcdef"))["loss"], abs=1e-3)


def test_the_result_is_plain_json():
    y, p = make_predictions(40, 4)
    for weights in (None, np.ones(40)):
        ours = evaluate_probabilities(y, p, list("abcd"), sample_weight=weights)
        assert json.loads(json.dumps(ours, allow_nan=False)) == ours


@pytest.mark.parametrize(
    ("y", "p", "classes", "weights", "message"),
    [
        ([], np.empty((0, 2)), ["a", "b"], None, r"shape \(0,\), need \(N,\) with at least 1 photo"),
        ([0], [[0.5, 0.5]], ["a", "a"], None, "need at least 2 different names"),
        ([0], [[1.0]], ["a"], None, "need at least 2 different names"),
        ([0, 1], [[0.5, 0.5]], ["a", "b"], None, r"shape \(1, 2\), need \(2, 2\)"),
        ([0, 2], [[0.5, 0.5]] * 2, ["a", "b"], None, "from 0 to 2, need 0 to 1"),
        ([-1], [[0.5, 0.5]], ["a", "b"], None, "from -1 to -1, need 0 to 1"),
        ([0.0], [[0.5, 0.5]], ["a", "b"], None, "type float64, need integers"),
        ([0], [[0.5, 0.6]], ["a", "b"], None, "sum to 1.1 in row 0, need 1"),
        ([0], [[1.5, -0.5]], ["a", "b"], None, "negative or not finite"),
        ([0], [[np.nan, 0.5]], ["a", "b"], None, "negative or not finite"),
        ([0], [[0.5, 0.5]], ["a", "b"], [1.0, 2.0], r"weights of shape \(2,\), need \(1,\)"),
        ([0], [[0.5, 0.5]], ["a", "b"], [0.0], "need at least one above 0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(y, p, classes, weights, message):
    with pytest.raises(EvaluationError, match=message):
        evaluate_probabilities(y, p, classes, sample_weight=weights)


def test_all_problems_are_in_one_message():
    with pytest.raises(EvaluationError, match=r"Cannot evaluate predictions: got true classes .*; got probabilities"):
        evaluate_probabilities([5], [[0.5, 0.6]], ["a", "b"])


def test_the_majority_class_is_that_of_the_training_photos():
    assert majority_accuracy([1, 1, 0], [0, 0, 0, 1], 2) == 0.25
    assert majority_accuracy([1, 0], [0, 0, 0, 1], 2) == 0.75  # a tie: the lower index


@pytest.mark.parametrize(("trained", "judged"), [([], [0]), ([0], [])])
def test_the_majority_guess_needs_photos(trained, judged):
    with pytest.raises(EvaluationError, match="need at least 1 of each"):
        majority_accuracy(trained, judged, 2)


def test_the_majority_guess_refuses_class_names():
    with pytest.raises(EvaluationError, match=r"Cannot count classes: .* need integers"):
        majority_accuracy(["cats"], [0], 2)
