import numpy as np

from headstart.inspection.finding import Finding
from headstart.inspection.gains import add_removal_gains, estimate_relabelling, estimate_removal, list_curve
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
    influence = scores.ridge.measure_influence(np.array([0]), scores.plain.penalty)[0, 30]
    expected = scores.plain.scores[30] + influence / (1 - scores.plain.influence[30]) * change[0]
    without = score_labels(make_set(np.delete(X, 0, 0), labels[1:]))
    kept = without.ridge.predict_left_out(without.y, 3, penalty=scores.plain.penalty)
    np.testing.assert_allclose(kept.scores[29], expected, atol=0.05)  # the standardisation changes, too
    assert estimate_removal(scores, np.array([0])).shape == (1,)


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
