"""Nested cross-validation: every row is scored without it, at a strength that was chosen without it."""

import numpy as np
import pytest

from headstart.head import nested
from headstart.head.folds import make_folds
from headstart.head.logistic import fit_logistic
from headstart.head.nested import predict_nested
from headstart.head.temperature import compute_log_losses
from headstart.head.training_rows import prepare_rows

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_it_agrees_with_a_plain_nested_cross_validation(make_features, n_classes):
    """One loop over the folds; in each, a choice by the two folds beside it, each head fitted from scratch."""
    X, y = make_features(120, 8, n_classes)
    held = predict_nested(prepare_rows(X, y, n_classes=n_classes), seed=3, strengths=STRENGTHS)
    folds = make_folds(y, n_folds=5, seed=3)
    assert held.fold.tolist() == folds.tolist()
    for fold in range(5):
        losses = [measure_plainly(X, y, n_classes, folds, fold, strength) for strength in STRENGTHS]
        best = STRENGTHS[int(np.argmin(losses))]
        assert held.strengths[fold] == best or losses[STRENGTHS.index(held.strengths[fold])] < min(losses) * 1.01
        head = fit_plainly(X, y, n_classes, folds != fold, held.strengths[fold])
        scores = head.scores(X[folds == fold])
        at = held.scores[folds == fold]
        assert np.allclose(scores - scores[:, :1], at - at[:, :1], atol=0.05)


def fit_plainly(X, y, n_classes, is_fitted, strength):
    """All rows are standardised together, as no label takes part; a weight of 0 leaves a row out."""
    prepared = prepare_rows(X, y, n_classes=n_classes)
    prepared.rows.weight[~is_fitted] = 0
    return fit_logistic(prepared, strength=strength).head


def measure_plainly(X, y, n_classes, folds, fold, strength):
    losses = []
    for other in ((fold - 1) % 5, (fold + 1) % 5):
        head = fit_plainly(X, y, n_classes, ~np.isin(folds, [fold, other]), strength)
        at = folds == other
        losses += (-np.log(head.probabilities(X[at])[np.arange(at.sum()), y[at]])).tolist()
    return np.mean(losses)


def test_a_fold_does_not_change_its_own_strength(make_features):
    """The other folds are easy to tell apart: only a fold of random labels would ask for strong regularisation."""
    X, y = make_features(200, 30, 2, spread=2.0)
    folds, random = make_folds(y, n_folds=5, seed=0), np.random.default_rng(1)
    before = predict_nested(prepare_rows(X, y, n_classes=2), seed=0)
    X[folds == 2] = random.permutation(X[folds == 2])
    after = predict_nested(prepare_rows(X, y, n_classes=2), seed=0)
    assert after.fold.tolist() == before.fold.tolist()
    assert after.strengths[2] == before.strengths[2]
    assert (after.strengths[[0, 1, 3, 4]] < before.strengths[[0, 1, 3, 4]]).all()


def test_five_folds_need_five_heads_a_strength(make_features, monkeypatch):
    X, y = make_features(200, 20, 2)
    n_heads, heads = [], nested.FoldHeads
    monkeypatch.setattr(
        nested, "FoldHeads", lambda rows, weight: n_heads.append(weight.shape[1]) or heads(rows, weight)
    )
    predict_nested(prepare_rows(X, y, n_classes=2), seed=0)
    assert n_heads == [5, 5]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_factors_undo_a_strength_that_is_too_low(make_features, n_classes):
    X, y = make_features(150, 8, n_classes)
    prepared = prepare_rows(X, y, n_classes=n_classes)
    timid = predict_nested(prepared, seed=0, strengths=[3e-3])
    right = predict_nested(prepared, seed=0, strengths=STRENGTHS)
    assert len(timid.factors) == 5
    assert timid.factors.mean() > right.factors.mean() + 0.1
    tuned = timid.scores * timid.factors[timid.fold, None].astype(np.float32)
    assert compute_log_losses(tuned, y).mean() < 0.99 * compute_log_losses(timid.scores, y).mean()


def test_random_labels_are_predicted_at_chance(make_features):
    X, y = make_features(200, 30, 2)
    shuffled = np.random.default_rng(0).permutation(y)
    held = predict_nested(prepare_rows(X, shuffled, n_classes=2), seed=0)
    assert abs(held.is_right.mean() - 0.5) < 0.12


def test_a_group_is_held_out_together():
    generator = np.random.default_rng(0)
    noise, labels = generator.normal(size=(45, 40)).astype(np.float32), generator.integers(0, 2, 45)
    prepared = prepare_rows(np.tile(noise, (2, 1)), np.tile(labels, 2), n_classes=2)
    leaky = predict_nested(prepared, seed=0, strengths=(10.0,))
    honest = predict_nested(prepared, seed=0, strengths=(10.0,), groups=np.tile(np.arange(45), 2))
    assert (honest.fold[:45] == honest.fold[45:]).all()
    assert leaky.is_right.mean() > 0.85
    assert honest.is_right.mean() < 0.7


@pytest.mark.parametrize("n_groups", [2, 3])
def test_fewer_groups_than_folds_can_be_judged(make_features, n_groups):
    X, y = make_features(60, 5, 2)
    held = predict_nested(prepare_rows(X, y, n_classes=2), seed=0, groups=np.arange(60) % n_groups)
    assert set(held.fold.tolist()) == set(range(n_groups))
    assert len(held.strengths) == n_groups


def test_two_folds_leave_nothing_to_choose_by_so_the_strength_is_in_the_middle(make_features):
    X, y = make_features(60, 5, 2)
    held = predict_nested(prepare_rows(X, y, n_classes=2), seed=0, groups=np.arange(60) % 2)
    assert held.strengths.tolist() == [0.01, 0.01]


def test_a_row_without_others_of_its_class_is_not_judged(make_features):
    X, y = make_features(61, 5, 2)
    y[-1] = 2
    held = predict_nested(prepare_rows(X, y, n_classes=3), seed=0)
    assert held.fold[-1] == -1
    assert (held.fold[:-1] >= 0).all()


def test_two_rows_cannot_be_judged():
    held = predict_nested(prepare_rows(np.eye(2, dtype=np.float32), [0, 1], n_classes=2), seed=0)
    assert held.fold.tolist() == [-1, -1]
    assert len(held.strengths) == 0


def test_the_views_of_a_photo_are_held_out_together_and_averaged(make_features):
    X, y = make_features(80, 6, 2)
    views = np.concatenate([X, X + np.float32(0.1)])
    prepared = prepare_rows(views, np.tile(y, 2), n_classes=2)
    held = predict_nested(prepared, seed=0, groups=np.tile(np.arange(80), 2), n_views=2, n_averaged=2)
    assert held.scores.shape == (80, 2)
    assert held.is_right.mean() > 0.75


def test_the_same_rows_give_the_same_bits(make_features):
    X, y = make_features(90, 8, 3)
    one, two = (predict_nested(prepare_rows(X, y, n_classes=3), seed=5) for _ in range(2))
    assert one.scores.tobytes() == two.scores.tobytes()
