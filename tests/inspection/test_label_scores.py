import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.inspection import label_scores
from headstart.inspection.label_scores import measure_margin, score_labels


def plant(labels, n, seed=0):
    """Return labels of which n are wrong, and their places."""
    generator = np.random.default_rng(seed)
    at = generator.choice(len(labels), n, replace=False)
    names = sorted(set(labels))
    wrong = list(labels)
    for place in at:
        wrong[place] = names[(names.index(labels[place]) + 1) % len(names)]
    return wrong, at


def test_wrong_labels_have_the_lowest_margins(make_set, make_classes):
    X, labels = make_classes(60)
    wrong, at = plant(labels, 9)
    scores = score_labels(make_set(X, wrong))
    assert set(np.argsort(scores.margin)[:9]) == set(at)
    assert [scores.suggested[n] for n in at] == [sorted(set(labels)).index(labels[n]) for n in at]


def test_probabilities_are_calibrated_for_the_labels_as_they_are(make_set, make_classes):
    X, labels = make_classes(200, distance=0.4)
    scores = score_labels(make_set(X, labels))
    np.testing.assert_allclose(scores.probabilities.sum(1), 1, atol=1e-5)
    is_right = scores.probabilities.argmax(1) == scores.y
    assert scores.probabilities.max(1).mean() == pytest.approx(is_right.mean(), abs=0.03)


def test_copies_with_the_same_wrong_label_do_not_vouch_for_each_other(make_set, make_classes):
    X, labels = make_classes(60)
    wrong, units = list(labels), [str(n) for n in range(180)]
    for n in range(6):  # six copies of one photo, all with the label of another class
        X[n], wrong[n], units[n] = X[0], "class 1", "copies"
    scores = score_labels(make_set(X, wrong, units=units))
    assert (scores.margin[:6] < 0).all()


@pytest.mark.parametrize("labels", [["a"] * 4, ["a", "b"]], ids=["one class", "one photo each"])
def test_too_few_photos_have_no_scores(labels, make_set):
    assert score_labels(make_set(np.random.default_rng(0).normal(size=(len(labels), 5)), labels)) is None


def test_the_margin_compares_with_the_best_other_class():
    scores = np.array([[1, 4, 2], [5, 0, 3]], np.float32)
    assert measure_margin(scores, np.array([2, 0])).tolist() == [-2, 2]


def test_the_means_of_lower_stages_count_more(make_set, make_classes, monkeypatch):
    X, labels = make_classes(30)
    spec = load_backbone().spec
    setup = BackboneSetup(load_backbone(), spec.image_size)
    seen = []
    real = label_scores.KernelRidge

    def make(X, units, *, importance, seed):
        seen.append(importance)
        return real(X, units, importance=importance, seed=seed)

    monkeypatch.setattr(label_scores, "KernelRidge", make)
    wide = np.hstack([X, np.zeros((len(X), spec.n_features), np.float32)])
    score_labels(make_set(wide, labels, setup=setup))
    score_labels(make_set(X, labels))
    assert seen[0].tolist() == [2.0] * 40 + [1.0] * spec.n_features
    assert seen[1].tolist() == [1.0] * 40
