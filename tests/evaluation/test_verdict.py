"""The verdict names the accuracy, the guess to beat, and every reason for doubt."""

import numpy as np
import pytest

from headstart.evaluation.calibration import bin_confidence
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.verdict import choose_headline, write_verdict


def judge(n_right, n, guess=0.5, majority_class="cats"):
    return {
        "n": n, "accuracy": n_right / n, "accuracy_ci95": list(wilson_interval(n_right, n)),
        "majority_accuracy": guess, "majority_class": majority_class,
    }  # fmt: skip


def test_a_good_classifier_in_two_sentences():
    assert write_verdict({"test": judge(989, 1000), "train": judge(2000, 2000)}) == (
        "On 1,000 test photos it has never seen, this classifier names the right class 98.9% of the time "
        "(95% interval 98.0% to 99.4%). Always answering 'cats' would be right 50.0% of the time."
    )


@pytest.mark.parametrize(
    ("n_right", "guess", "says"),
    [
        (900, 0.5, "would be right 50.0% of the time."),
        (900, 0.89, "which lies inside the interval: the classifier is not clearly better than that guess."),
        (900, 0.91, "which lies inside the interval: the classifier is not clearly better than that guess."),
        (900, 0.99, "the classifier does worse than that guess."),
    ],
)
def test_the_accuracy_is_compared_with_the_majority_guess(n_right, guess, says):
    assert write_verdict({"test": judge(n_right, 1000, guess)}).endswith(says)


def test_with_few_photos_the_width_of_the_interval_is_named():
    assert "With only 40 photos the interval is 19 points wide" in write_verdict({"test": judge(36, 40)})
    assert "points wide" not in write_verdict({"test": judge(90, 100)})


@pytest.mark.parametrize(("n_trained_right", "is_warned"), [(1000, True), (940, True), (890, False)])
def test_overfitting_is_named(n_trained_right, is_warned):
    verdict = write_verdict({"test": judge(800, 1000), "train": judge(n_trained_right, 1000)})
    assert ("overfitting" in verdict) == is_warned


@pytest.mark.parametrize(
    ("n_right", "n", "guess", "recalls", "is_near"),
    [
        (490, 1000, 0.5, (0.48, 0.50), True),
        (490, 1000, 0.5, None, True),
        (65, 100, 0.56, (0.6, 0.7), False),  # it may be better: the interval is wide
        (880, 1000, 0.88, (0.98, 0.7), False),  # most photos are of one class
    ],
)
def test_a_classifier_that_does_as_a_guess_is_told_to_check_the_labels(n_right, n, guess, recalls, is_near):
    judged = judge(n_right, n, guess)
    if recalls:
        judged["per_class"] = {name: {"recall": recall} for name, recall in zip("ab", recalls, strict=True)}
    verdict = write_verdict({"test": judged, "train": judge(1000, 1000)})
    assert ("First check the labels" in verdict, "More photos" in verdict) == (is_near, not is_near)


@pytest.mark.parametrize(
    ("confidence", "says"),
    [
        (0.99, "overconfident: its probabilities are 19 points too high"),
        (0.6, "underconfident: its probabilities are 20 points too low"),
    ],
)
def test_a_miscalibrated_classifier_is_named(confidence, says):
    bins = [{"confidence": None, "accuracy": None, "n": 0}, {"confidence": confidence, "accuracy": 0.8, "n": 200}]
    judged = judge(160, 200) | {"calibration_bins": bins}
    assert f"The classifier is {says} on average." in write_verdict({"test": judged})


def test_a_calibration_gap_by_chance_is_not_named():
    generator = np.random.default_rng(0)
    for _ in range(50):
        chances = generator.uniform(0.3, 1.0, 100)
        is_right = generator.random(100) < chances
        _, bins = bin_confidence(chances, is_right, np.ones(100))
        verdict = write_verdict({"test": judge(int(is_right.sum()), 100) | {"calibration_bins": bins}})
        assert "confident" not in verdict


def test_two_right_answers_do_not_show_that_a_classifier_is_underconfident():
    bins = [{"confidence": 0.7, "accuracy": 1.0, "n": 2}]
    judged = judge(2, 2) | {"accuracy_ci95": [0.342, 1.0], "calibration_bins": bins}
    assert "confident" not in write_verdict({"test": judged})


def test_a_gap_on_few_photos_is_not_called_overfitting():
    assert "overfitting" not in write_verdict({"test": judge(8, 10), "train": judge(92, 100)})


def test_without_test_photos_the_verdict_warns_of_validation_photos():
    verdict = write_verdict({"test": None, "validation": judge(270, 300), "train": judge(300, 300)})
    assert verdict.startswith("On 300 validation photos, this classifier")
    assert "never seen" not in verdict
    assert verdict.endswith("so the figure may be too good.")


def test_training_photos_alone_say_little():
    verdict = write_verdict({"train": judge(99, 100)})
    assert verdict.startswith("On 100 training photos, the same photos that it was trained on,")
    assert verdict.endswith("this says little about new photos.")


def test_without_test_photos_cross_validation_is_named():
    repeated = {"accuracy": 0.91, "accuracy_ci95": [0.85, 0.95], "n": 100, "n_folds": 5, "n_repeats": 1}
    verdict = write_verdict({"train": judge(100, 100), "cross_validation": repeated})
    assert verdict == (
        "In cross-validation over all 100 photos, classifiers like this one name the right class 91.0% of the time "
        "(95% interval 85.0% to 95.0%). There was no test split."
    )


def test_with_few_test_photos_the_verdict_leads_with_cross_validation():
    per_class = {"cats": {"support": 150}, "dogs": {"support": 95}}
    over_all = {"accuracy": 0.93, "accuracy_ci95": [0.89, 0.96], "n": 245, "per_class": per_class}
    assert write_verdict({"test": judge(35, 37), "cross_validation": over_all}) == (
        "In cross-validation over all 245 photos, classifiers like this one name the right class 93.0% of the time "
        "(95% interval 89.0% to 96.0%). Always answering 'cats' would be right 61.2% of the time. On its 37 test "
        "photos this classifier was right 94.6% of the time (82.3% to 98.5%): these are too few for a narrow interval."
    )


def test_without_metrics_the_verdict_says_so():
    assert choose_headline({"test": None}) is None
    assert write_verdict({}).startswith("No photos were left to evaluate this classifier on")


def test_one_photo_is_singular():
    assert write_verdict({"test": judge(1, 1)}).startswith("On 1 test photo it has never seen")


def test_the_verdict_says_of_which_classifier_the_figure_is_if_the_file_was_fitted_to_the_evaluated_photos():
    numbers = judge(989, 1000)
    sentence = "the file holds that one. With more training photos, expect it to be at least as accurate."
    all_photos = write_verdict({"test": numbers, "fitted_on": "all"})
    assert sentence in all_photos
    assert "never seen" not in all_photos
    assert all_photos.startswith(
        "On 1,000 test photos that it was not trained on, this classifier named the right class"
    )
    assert sentence in write_verdict({"validation": numbers, "fitted_on": "train+validation"})
    assert sentence not in write_verdict({"test": numbers, "fitted_on": "train+validation"})
    assert sentence not in write_verdict({"train": numbers, "fitted_on": "all"})
