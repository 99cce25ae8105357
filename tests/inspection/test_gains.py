import numpy as np

from headstart.head.linear import softmax
from headstart.inspection.finding import Finding
from headstart.inspection.gains import (
    CERTAINTY,
    LEAST,
    TRUSTED,
    add_removal_gains,
    estimate_relabelling,
    estimate_removal,
    list_curve,
)
from headstart.inspection.label_scores import score_labels


def find(kind, gain=None, digest="0"):
    return Finding(kind=kind, photos=("a",), digests=(digest,), score=0.5, evidence="", gain=gain)


def test_a_wrong_label_gains_more_than_a_right_one(make_set, make_classes):
    X, labels = make_classes(60)
    wrong = list(labels)
    wrong[0] = "class 1"
    scores = score_labels(make_set(X, wrong))
    at = np.arange(60)
    gains = estimate_relabelling(scores, at, np.where(at == 0, 0, 1))
    assert gains[0] > 0
    assert gains.argmax() == 0


def test_removing_a_photo_is_as_a_fit_without_it(make_set, make_classes):
    X, labels = make_classes(20)
    X[0] *= 3
    scores = score_labels(make_set(X, labels))
    change = scores.plain.scores[[0]] - np.where(np.eye(3)[scores.y[[0]]] > 0, 1, -1)
    influence = scores.ridge.measure_influence(np.array([0]), scores.plain)[0, 30]
    expected = scores.plain.scores[30] + influence * change[0]
    without = score_labels(make_set(np.delete(X, 0, 0), labels[1:]))
    kept = without.ridge.predict_left_out(without.y, 3, penalty=scores.plain.penalty)
    np.testing.assert_allclose(kept.scores[29], expected, atol=0.05)  # the standardisation changes, too
    assert estimate_removal(scores, np.array([0])).shape == (1,)


def test_the_gain_is_the_difference_of_the_losses_of_the_judges(make_set, make_classes):
    X, labels = make_classes(20, distance=0.4)
    scores = score_labels(make_set(X, labels, units=[str(n // 2) for n in range(60)]))
    judges = np.flatnonzero(scores.own >= TRUSTED)
    at, new = np.array([3, 30]), np.array([2, 2])
    influence = scores.ridge.measure_influence(at, scores.plain)
    for n, row in enumerate(at):
        change = np.zeros(3)
        change[scores.y[row]], change[new[n]] = -2, 2
        after = scores.plain.scores + influence[n][:, None] * change
        losses = [
            -np.log(softmax(scores.plain_factor * some)[judges, scores.y[judges]] + LEAST)
            for some in (scores.plain.scores, after)
        ]
        expected = 1000 * (losses[0] - losses[1]).mean() * (1 - scores.own[row]) ** CERTAINTY
        np.testing.assert_allclose(estimate_relabelling(scores, at, new)[n], expected, rtol=1e-2, atol=1e-4)


def test_a_copy_of_a_photo_does_not_judge_it(make_set, make_classes):
    X, labels = make_classes(20)
    X[1] = X[0] + 0.01
    wrong = ["class 1", "class 1", *labels[2:]]
    units = ["both", "both", *map(str, range(58))]
    together, apart = (score_labels(make_set(X, wrong, units=some)) for some in (units, None))
    gains = [estimate_relabelling(scores, np.array([0]), np.array([0]))[0] for scores in (together, apart)]
    assert gains[0] > 0
    assert gains[0] > gains[1]  # the copy has the wrong label, too


def test_findings_about_a_photo_that_could_be_left_out_get_a_gain(make_set, make_classes):
    X, labels = make_classes(40)
    wrong = list(labels)
    wrong[0] = "class 1"
    photos = make_set(X, wrong)
    scores = score_labels(photos)
    digest = photos.photos[0].digest
    given = [find("outlier", digest=digest), find("near_copy", digest=digest), find("outlier", digest="gone")]
    gains = [finding.gain for finding in add_removal_gains(photos, scores, given)]
    assert gains[0] > 0
    assert gains[1:] == [None, None]


def test_the_curve_ends_with_the_last_gain():
    findings = [find("shortcut"), find("wrong_label", 3.0), find("wrong_label", 1.0), find("lookalike")]
    assert list_curve(findings) == ((0, 0.0), (1, 0.0), (2, 0.75), (3, 1.0))
    assert list_curve([find("lookalike")]) == ()
    assert list_curve([]) == ()


def test_a_long_curve_has_few_points():
    curve = list_curve([find("wrong_label", 1.0)] * 1000)
    assert len(curve) <= 201
    assert curve[-1] == (1000, 1.0)
