"""Outliers and odd ones: planted photos are found, and few of the others are."""

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_for_audit
from headstart.features.extraction import extract_features
from headstart.inspection.outliers import find_outliers


def list_kind(found, kind):
    return [finding.photos[0] for finding in found if finding.kind == kind]


def test_photos_of_another_set_are_found_first(make_set, make_classes):
    X, labels = make_classes(100, 3)
    other = np.random.default_rng(1).normal(0, 1.5, 40)
    planted = np.arange(5, 300, 30)
    X[planted] = other + np.random.default_rng(2).normal(0, 1, (10, 40))
    found = find_outliers(make_set(X + 2, labels))
    first = list_kind(found, "outlier")[:15]
    assert {f"class {n // 100}/{n:05}.jpg" for n in planted} <= set(first)
    assert found[0].kind == "outlier"
    assert found[0].evidence.startswith("The photo is unlike all others: ")
    assert " have more similar neighbours. The cosine of its features and those of its 30th " in found[0].evidence
    assert [finding.score for finding in found if finding.kind == "outlier"] == sorted(
        (finding.score for finding in found if finding.kind == "outlier"), reverse=True
    )


def test_few_photos_of_a_clean_set_are_reported(make_set, make_classes):
    found = find_outliers(make_set(*make_classes(300, 3)))
    assert len(list_kind(found, "outlier")) <= 9
    assert len(list_kind(found, "odd_one")) <= 20


def test_a_small_class_is_not_far_from_all(make_set, make_classes):
    X, labels = make_classes(200, 2, distance=2)
    rare = np.random.default_rng(5).normal(0, 2, 40) + np.random.default_rng(3).normal(0, 1, (12, 40))
    found = find_outliers(make_set(np.vstack([X, rare]) + 2, [*labels, *["rare"] * 12]))
    assert not [name for name in list_kind(found, "outlier") if name.startswith("rare")]


def test_the_odd_one_of_a_class_is_near_no_other_class(make_set, make_classes):
    X, labels = make_classes(150, 2, distance=1.5)
    X[7] = X[:150].mean(0) + 0.8 * (X[7] - X[:150].mean(0)) + np.eye(40)[3] * 9
    X[8] = X[170]  # a wrong label, and no odd one
    found = find_outliers(make_set(X, labels))
    odd = [finding for finding in found if finding.photos[0] == "class 0/00007.jpg"]
    assert odd
    assert "class 0/00008.jpg" not in list_kind(found, "odd_one")


def test_copies_of_an_outlier_are_no_neighbours(make_set, make_classes):
    X, labels = make_classes(100, 2)
    X[10:45] = np.random.default_rng(4).normal(0, 2, 40)
    assert not list_kind(find_outliers(make_set(X, labels)), "outlier")
    units = ["series" if 10 <= n < 45 else str(n) for n in range(200)]
    found = list_kind(find_outliers(make_set(X, labels, units=units)), "outlier")
    assert len(found) >= 15
    assert all(10 <= int(name[-9:-4]) < 45 for name in found)


def test_a_tiny_set_and_one_without_differences_have_no_finding(make_set):
    assert find_outliers(make_set(np.eye(8), ["a"] * 8)) == []
    assert find_outliers(make_set(np.ones((50, 8)), ["a"] * 50)) == []


@pytest.mark.slow
def test_ten_cats_among_coffee_leaves_are_found(real_photos, make_set):
    chosen = [photo for n, photo in enumerate(scan_for_audit(real_photos / "coffee-leaf").photos) if n % 6 == 0]
    cats = [photo for photo in scan_for_audit(real_photos / "cats-dogs").photos if photo.label == "cats"][:10]
    loaded = load_backbone("mobilenet_v2")
    X = extract_features([*chosen, *cats], BackboneSetup(loaded, 224)).matrix
    found = find_outliers(make_set(X, [photo.label for photo in chosen] + ["rust"] * 10))
    planted = {f"rust/{n:05}.jpg" for n in range(len(chosen), len(X))}
    assert planted <= set(list_kind(found, "outlier")[:15])
