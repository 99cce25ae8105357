"""All detectors run on a set, and their findings are in the order in which to look at them."""

from contextlib import nullcontext

import numpy as np

from headstart.inspection import detectors
from headstart.inspection.detectors import DETECTORS, find_problems
from headstart.inspection.ordering import order_findings


def test_findings_of_all_detectors_are_in_order_and_the_curve_ends_at_one(make_set, make_classes):
    X, labels = make_classes(60)
    labels[0] = "class 1"
    X[1] = 9
    found = find_problems(make_set(X, labels))
    assert {"wrong_label", "outlier"} <= {finding.kind for finding in found.findings}
    assert list(found.findings) == order_findings(found.findings)
    assert (found.curve[0], found.curve[-1][1]) == ((0, 0.0), 1.0)


def test_of_one_class_no_label_is_judged(make_set):
    found = find_problems(make_set(np.random.default_rng(0).normal(size=(40, 8)), ["a"] * 40))
    assert "wrong_label" not in {finding.kind for finding in found.findings}
    assert found.curve == ()


def test_the_same_seed_gives_the_same_findings(make_set, make_classes):
    photos = make_set(*make_classes(40, distance=0.4))
    one, other = (find_problems(photos, seed=1) for _ in range(2))
    assert (one.findings, one.curve) == (other.findings, other.curve)


def test_steps_are_counted_from_the_start_and_label_scores_are_one(make_set, make_classes, monkeypatch):
    counted = []
    monkeypatch.setattr(
        detectors, "show_progress", lambda *_, **__: nullcontext(lambda *numbers: counted.append(numbers))
    )
    find_problems(make_set(*make_classes(40)))
    n = len(DETECTORS) + 3
    assert counted[0] == (0, n)
    assert counted[-2:] == [(n - 2, n), (n - 1, n)]
    assert counted == sorted(counted)
