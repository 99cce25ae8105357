"""Repeated cross-validation on features."""

import numpy as np

from headstart.methods.cross_validation import cross_validate

GENERATOR = np.random.default_rng(0)
Y = np.repeat([0, 1, 2], 30)
X = (GENERATOR.normal(size=(90, 12)) + np.eye(3)[Y] @ GENERATOR.normal(0, 3, (3, 12))).astype(np.float32)


def test_separable_classes_score_high_and_random_labels_at_chance():
    good = cross_validate(X[None], Y, 3, strength=0.1, seed=0)
    assert good["accuracy_mean"] > 0.9
    assert (good["n_folds"], good["n_repeats"], good["n"]) == (5, 3, 90)
    shuffled = cross_validate(X[None], GENERATOR.permutation(Y), 3, strength=0.1, seed=0)
    assert shuffled["accuracy_mean"] < 0.6


def test_the_same_seed_gives_the_same_result():
    assert cross_validate(X[None], Y, 3, strength=0.1, seed=1) == cross_validate(X[None], Y, 3, strength=0.1, seed=1)


def test_the_copies_of_one_group_are_in_one_fold():
    noise = GENERATOR.normal(size=(45, 40)).astype(np.float32)
    labels = GENERATOR.integers(0, 2, 45)
    doubled, y = np.concatenate([noise, noise]), np.concatenate([labels, labels])
    leaky = cross_validate(doubled[None], y, 2, strength=10, seed=0, class_weight="none")
    honest = cross_validate(
        doubled[None], y, 2, strength=10, seed=0, class_weight="none", groups=[str(i) for i in range(45)] * 2
    )
    assert leaky["accuracy_mean"] > 0.85
    assert honest["accuracy_mean"] < 0.7


def test_a_class_of_one_photo_is_left_out():
    assert cross_validate(X[None, :61], Y[:61], 3, strength=0.1, seed=0)["n"] == 60


def test_nothing_is_returned_if_only_one_class_can_be_predicted():
    """Two of one class and one of another: only the two can be held out, and any head names them right."""
    assert cross_validate(X[None, 28:31], Y[28:31], 2, strength=0.1, seed=0) is None


def test_few_groups_give_few_folds_and_one_repeat():
    names = [str(i % 3) for i in range(90)]
    result = cross_validate(X[None], Y, 3, strength=0.1, seed=0, groups=names)
    assert (result["n_folds"], result["n_repeats"]) == (3, 1)
