"""The strength is chosen by held-out loss, and rows that cannot be held out still get one."""

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.head import regularisation
from headstart.head.folds import make_folds
from headstart.head.lbfgs import Memory, minimise
from headstart.head.logistic import fit_logistic
from headstart.head.objective import Objective, PointInMemory, evaluate_scores
from headstart.head.regularisation import DEFAULT, choose_strength, predict_held_out
from headstart.head.standardise import measure_standardisation
from headstart.head.training_rows import prepare_rows


def choose(X, y, *, n_classes, sample_weight=None, class_weight=None, **options):
    prepared = prepare_rows(X, y, n_classes=n_classes, sample_weight=sample_weight, class_weight=class_weight)
    return choose_strength(prepared, **options)


def hold(X, y, *, n_classes, **options):
    return predict_held_out(prepare_rows(X, y, n_classes=n_classes), strength=0.1, seeds=[0], **options)[0]


def cross_validate_plainly(X, y, n_classes, strength, weight, folds):
    """The same cross-validation, one fold after the other, each head fitted from scratch and to the end."""
    shared = measure_standardisation(X, weight).apply(X)
    losses, is_right = np.zeros(len(y)), np.zeros(len(y), bool)
    for fold in range(folds.max() + 1):
        held = folds == fold
        objective = Objective(shared[~held], y[~held], weight[~held, None], n_classes)
        point = PointInMemory(objective, strength, objective.make_start())
        minimise(point, Memory(), tolerance=1e-8, max_iterations=5000)
        scores = shared[held] @ point.coefficients.reshape(objective.n_columns, -1).T
        losses[held], is_right[held] = evaluate_scores(scores, y[held])
    by_fold = [np.average(is_right[folds == fold], weights=weight[folds == fold]) for fold in range(folds.max() + 1)]
    return np.average(losses, weights=weight), np.average(is_right, weights=weight), np.std(by_fold, ddof=1)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_table_agrees_with_a_plain_cross_validation(make_features, n_classes):
    X, y = make_features(500, 20, n_classes)
    X, weight = X.astype(np.float64), np.random.default_rng(0).uniform(0.5, 2, 500)
    strengths = (1e-3, 1e-2, 1e-1)
    choice = choose(X, y, n_classes=n_classes, seed=3, sample_weight=weight, strengths=strengths)
    folds = make_folds(y, n_folds=5, seed=3)
    for row in choice.table:
        loss, accuracy, accuracy_sd = cross_validate_plainly(X, y, n_classes, row.strength, weight, folds)
        assert row.loss == pytest.approx(loss, rel=1e-3)
        assert row.accuracy == pytest.approx(accuracy, abs=5e-3)
        assert row.accuracy_sd == pytest.approx(accuracy_sd, abs=1e-2)  # one row in a fold of 100


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_choice_has_the_held_out_predictions_of_its_strength(make_features, n_classes):
    X, y = make_features(300, 20, n_classes)
    prepared = prepare_rows(X, y, n_classes=n_classes)
    choice = choose_strength(prepared, seed=3)
    (held,) = predict_held_out(prepared, strength=choice.strength, seeds=[3])
    np.testing.assert_array_equal(choice.held_out.fold, held.fold)
    np.testing.assert_allclose(choice.held_out.scores, held.scores, atol=0.02 * np.abs(held.scores).max())
    assert choice.table[0].strength < choice.strength < choice.table[-1].strength


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_strength_of_the_least_loss_is_chosen(make_features, n_classes):
    X, y = make_features(200, 100, n_classes)
    calls: list[tuple[int, int]] = []
    choice = choose(X, y, n_classes=n_classes, seed=0, progress=lambda *at: calls.append(at))
    assert calls == [(n, len(DEFAULT)) for n in range(1, len(choice.table) + 1)]
    assert choice.strength == min(choice.table, key=lambda row: row.loss).strength
    assert [row.strength for row in choice.table] == list(DEFAULT[: len(choice.table)])
    assert all(0 <= row.accuracy <= 1 and row.accuracy_sd >= 0 for row in choice.table)


def test_noise_gets_strong_regularisation_and_a_clear_signal_weak():
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 50))
    noise = choose(X, random.integers(0, 2, 300), n_classes=2, seed=0)
    signal = choose(X, (X[:, 0] > 0).astype(int), n_classes=2, seed=0)
    assert noise.strength <= 1e-3
    assert signal.strength >= 1e-1


def test_the_search_stops_when_the_loss_rises():
    random = np.random.default_rng(0)
    choice = choose(random.normal(size=(100, 200)), random.integers(0, 2, 100), n_classes=2, seed=0)
    assert len(choice.table) < len(DEFAULT)
    assert choice.table[-1].loss > 1.05 * min(row.loss for row in choice.table)


def test_the_table_depends_on_the_seed(make_features):
    X, y = make_features(100, 30, 2)
    first, again, other = (choose(X, y, n_classes=2, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.table != other.table


def test_groups_are_held_out_together():
    # every photo of a group is the same photo, and its label a coin's: only a cut group could be predicted
    random = np.random.default_rng(0)
    X, y = np.repeat(random.normal(size=(60, 80)), 5, axis=0), np.repeat(random.integers(0, 2, 60), 5)
    groups = np.repeat([f"patient {n}" for n in range(60)], 5)
    apart = choose(X, y, n_classes=2, seed=0, strengths=(10.0,))
    together = choose(X, y, n_classes=2, seed=0, strengths=(10.0,), groups=groups)
    assert apart.table[0].accuracy > 0.95
    assert together.table[0].accuracy < 0.7


def test_weights_change_the_held_out_loss(make_features):
    X, y = make_features(100, 20, 2)
    weight = np.random.default_rng(0).uniform(0, 2, 100)
    plain = choose(X, y, n_classes=2, seed=0, strengths=(0.01,)).table[0]
    by_row = choose(X, y, n_classes=2, seed=0, strengths=(0.01,), sample_weight=weight).table[0]
    by_class = choose(X, y, n_classes=2, seed=0, strengths=(0.01,), class_weight=np.array([1, 9])).table[0]
    assert len({plain.loss, by_row.loss, by_class.loss}) == 3


@pytest.mark.parametrize(
    "labels",
    [[0] * 20 + [1], [0] * 4 + [1] * 3, [0, 0, 1, 1], [0, 1, 2], [0] * 6 + [1] * 6 + [2], [0, 1] * 3 + [2] * 2],
    ids=str,
)
def test_classes_of_few_rows_still_get_a_strength(labels):
    y = np.array(labels)
    X = np.random.default_rng(0).normal(size=(len(y), 8)).astype(np.float32)
    choice = choose(X, y, n_classes=y.max() + 1, seed=0)
    assert choice.strength in DEFAULT
    assert all(np.isfinite([row.loss, row.accuracy, row.accuracy_sd]).all() for row in choice.table)


def test_a_row_is_left_out_if_its_head_was_fitted_without_its_class():
    y = np.array([0] * 10 + [1] * 10 + [2])
    choice = choose(np.eye(3)[y], y, n_classes=3, seed=0, strengths=(1.0,))
    assert choice.table[0].accuracy == 1


def test_a_fold_of_rows_of_weight_0_is_left_out():
    y, groups = np.tile([0, 1], 20), np.repeat(np.arange(5), 8)
    weight = np.where(groups == 2, 0.0, 1.0)
    row = choose(np.eye(2)[y], y, n_classes=2, seed=0, strengths=(1.0,), groups=groups, sample_weight=weight).table[0]
    assert (row.accuracy, row.accuracy_sd) == (1, 0)


@pytest.mark.parametrize("groups", [None, np.zeros(8, int)])
def test_the_strength_nearest_to_the_middle_is_chosen_if_no_row_can_be_held_out(groups):
    y = np.array([0, 1]) if groups is None else np.arange(8) % 2
    X = np.random.default_rng(0).normal(size=(len(y), 3))
    choice = choose(X, y, n_classes=2, seed=0, groups=groups, strengths=(1, 1e-4, 2e-2))
    assert (choice.strength, choice.table) == (2e-2, ())


def test_many_scores_use_one_fold(make_features, monkeypatch):
    X, y = make_features(100, 20, 5)
    monkeypatch.setattr(regularisation, "MANY_SCORES", 500)
    row = choose(X, y, n_classes=5, seed=0, strengths=(0.01,)).table[0]
    assert row.accuracy_sd == 0
    n_held = (make_folds(y, n_folds=5, seed=0) == 0).sum()
    assert row.accuracy * n_held == pytest.approx(round(row.accuracy * n_held))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strengths": (0.1, -1)}, "Cannot fit a head: got strength -1, need more than 0"),
        ({"strengths": ()}, "Cannot fit a head: got strength none, need more than 0"),
        ({"n_folds": 1}, "Cannot make folds: got n_folds 1, need at least 2"),
        ({"n_classes": 3}, "got no rows of class 2"),
        ({"groups": np.arange(3)}, "got 3 groups for 20 rows"),
    ],
)
def test_wrong_strengths_folds_and_rows_are_refused(make_features, options, message):
    X, y = make_features(20, 5, 2)
    with pytest.raises(FitError, match=message):
        choose(X, y, **{"n_classes": 2, "seed": 0, **options})


def test_every_row_is_predicted_by_a_head_fitted_without_it():
    generator = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 40)
    centres = generator.normal(0, 4, (3, 8))
    X = (centres[y] + generator.normal(size=(120, 8))).astype(np.float32)
    held = hold(X, y, n_classes=3)
    assert set(held.fold.tolist()) == {0, 1, 2, 3, 4}
    assert held.is_right.mean() > 0.9
    random = hold(X, generator.permutation(y), n_classes=3)
    assert random.is_right.mean() < 0.6
    by_fold = [
        fit_logistic(prepare_rows(X[held.fold != k], y[held.fold != k], n_classes=3), strength=0.1).head.scores(
            X[held.fold == k]
        )
        for k in range(5)
    ]
    right = np.concatenate([scores.argmax(1) == y[held.fold == k] for k, scores in enumerate(by_fold)])
    assert abs(right.mean() - held.is_right.mean()) < 0.02


def test_held_out_predictions_use_every_fold_even_for_many_scores(monkeypatch):
    monkeypatch.setattr(regularisation, "MANY_SCORES", 10)
    y = np.repeat([0, 1], 30)
    X = (np.random.default_rng(0).normal(size=(60, 4)) + y[:, None]).astype(np.float32)
    assert set(hold(X, y, n_classes=2).fold.tolist()) == {0, 1, 2, 3, 4}


def test_large_heads_are_fitted_one_after_the_other_with_the_same_answers(make_features, monkeypatch):
    X, y = make_features(90, 8, 3)
    together = hold(X, y, n_classes=3)
    monkeypatch.setattr(regularisation, "MAX_HEADS_SIZE", 0)
    calls: list[tuple[int, int]] = []
    alone = hold(X, y, n_classes=3, progress=lambda *at: calls.append(at))
    assert calls == [(fold, 5) for fold in range(1, 6)]
    assert alone.fold.tolist() == together.fold.tolist()
    assert alone.is_right.tolist() == together.is_right.tolist()
