"""Wrong rows are refused, and one error lists all problems; rows prepared once give the same results for every fit."""

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.head.logistic import fit_logistic
from headstart.head.regularisation import choose_strength, predict_held_out
from headstart.head.training_rows import check_finite, check_rows, check_validation_rows, prepare_rows, weigh_rows

X = np.arange(12, dtype=np.float32).reshape(4, 3)
Y = np.array([0, 1, 0, 1])
RANDOM = np.random.default_rng(0)
MANY = RANDOM.normal(size=(90, 12)).astype(np.float32)
LABELS = (MANY[:, 0] + RANDOM.normal(size=90) > 0).astype(np.int64)
WEIGHT = RANDOM.uniform(0.5, 2, 90)


def insert_nonfinite(*rows: int) -> np.ndarray:
    nonfinite = X.copy()
    nonfinite[list(rows), 1] = [np.nan, np.inf, -np.inf][: len(rows)]
    return nonfinite


def test_sample_weights_and_class_weights_are_multiplied():
    rows = check_rows(X, Y, 2, sample_weight=np.array([1, 2, 3, 4]), class_weight=[1.0, 10.0])
    np.testing.assert_array_equal(rows.weight, [1, 20, 3, 40])


@pytest.mark.parametrize(("given", "kept"), [("float16", "float32"), ("float32", "float32"), ("float64", "float64")])
def test_float64_is_kept_and_float16_becomes_float32(given, kept):
    assert check_rows(X.astype(given), Y, 2).X.dtype == kept


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ((X, Y[:3]), {}, r"got features \(4, 3\) of float32 and labels \(3,\) of int64, need \(N, D\)"),
        ((X[0], Y), {}, r"got features \(3,\)"),
        ((X[:0], Y[:0]), {}, r"got features \(0, 3\)"),
        ((X, Y.astype(float)), {}, r"labels \(4,\) of float64, need"),
        ((insert_nonfinite(0, 2, 3), Y), {}, "got 3 rows with NaN or infinity, need finite features"),
        ((X, np.array([0, 1, 2, 1])), {}, "got labels from 0 to 2, need 0 to 1"),
        ((X, np.array([0, 1, -1, 1])), {}, "got labels from -1 to 1, need 0 to 1"),
        ((X, np.zeros(4, int)), {}, "got rows of class 0 alone, need at least 2 classes"),
        ((X, Y), {"n_classes": 4}, "got no rows of class 2, 3, need rows of all 4 classes"),
        ((X, Y), {"n_classes": 1}, "got n_classes 1, need at least 2"),
        ((X, Y), {"sample_weight": np.array([1, -1, 1, -2])}, "got 2 negative or infinite values of sample_weight"),
        ((X, Y), {"sample_weight": np.ones(3)}, r"got sample_weight of shape \(3,\), need \(4,\)"),
        ((X, Y), {"class_weight": np.array([1, np.nan])}, "got 1 negative or infinite values of class_weight"),
        ((X, Y), {"class_weight": np.ones(3)}, r"got class_weight of shape \(3,\), need \(2,\)"),
        ((X, Y), {"sample_weight": np.array([1, 0, 1, 0])}, "got rows of class 0 alone"),
    ],
)
def test_wrong_rows_are_refused(rows, options, message):
    with pytest.raises(FitError, match=f"^Cannot fit a head: .*{message}"):
        check_rows(*rows, **{"n_classes": 2, **options})


def test_one_error_lists_all_problems():
    with pytest.raises(FitError, match=r"got labels from 0 to 5.*; got 1 rows with NaN.*; got 1 negative"):
        check_rows(insert_nonfinite(1), np.array([0, 1, 0, 5]), 2, sample_weight=np.array([1, 1, 1, -1]))


def test_validation_rows_may_lack_a_class_but_not_a_feature():
    features, labels = check_validation_rows((X, np.zeros(4, int)), 3, 2)
    assert features.shape == (4, 3)
    assert labels.tolist() == [0] * 4
    with pytest.raises(FitError, match="Cannot use validation rows: got 3 features, need 5 as in training"):
        check_validation_rows((X, Y), 5, 2)
    with pytest.raises(FitError, match="Cannot use validation rows: got 1 rows with NaN"):
        check_validation_rows((insert_nonfinite(1), Y), 3, 2)


def test_finite_features_with_an_infinite_sum_are_accepted():
    large = np.full((6, 4), 3e38, np.float32)
    assert check_rows(large, np.array([0, 1] * 3), 2).X.shape == (6, 4)
    large[2, 1] = -np.inf
    with pytest.raises(FitError, match="got 1 rows with NaN"):
        check_rows(large, np.array([0, 1] * 3), 2)


def test_labels_are_checked_without_their_features():
    np.testing.assert_array_equal(weigh_rows(Y, 2, class_weight=[1.0, 3.0]), [1, 3, 1, 3])
    with pytest.raises(FitError, match=r"^Cannot fit a head: got n_classes 1, need at least 2\."):
        weigh_rows(Y, 1)
    with pytest.raises(FitError, match=r"^Cannot fit a head: got 7 rows with NaN or infinity, need finite features"):
        check_finite(7, "fit a head")
    check_finite(0, "fit a head")


def prepare():
    return prepare_rows(MANY, LABELS, n_classes=2, sample_weight=WEIGHT)


def test_rows_prepared_once_give_the_results_of_rows_prepared_for_each_fit():
    prepared = prepare()
    assert choose_strength(prepared, seed=1) == choose_strength(prepare(), seed=1)
    alone = fit_logistic(prepare(), strength=0.1).head
    np.testing.assert_array_equal(fit_logistic(prepared, strength=0.1).head.weights, alone.weights)
    several = predict_held_out(prepared, strength=0.1, seeds=[1, 2])
    for seed, held in zip([1, 2], several, strict=True):
        own = predict_held_out(prepare(), strength=0.1, seeds=[seed])[0]
        np.testing.assert_array_equal(held.fold, own.fold)
        np.testing.assert_array_equal(held.is_right, own.is_right)
    assert (several[0].fold != several[1].fold).any()


def test_an_array_in_a_file_gives_the_same_head_as_one_in_memory(monkeypatch):
    in_memory = prepare_rows(MANY, LABELS, n_classes=2)
    monkeypatch.setattr("headstart.storage.large_arrays.LARGE_BYTES", 1)
    monkeypatch.setattr("headstart.storage.large_arrays.BLOCK_BYTES", 1000)
    in_file = prepare_rows(MANY, LABELS, n_classes=2)
    assert isinstance(in_file.Z, np.memmap)
    np.testing.assert_array_equal(in_file.Z, in_memory.Z)
    small, large = fit_logistic(in_memory, strength=0.1).head, fit_logistic(in_file, strength=0.1).head
    np.testing.assert_allclose(large.weights, small.weights, atol=1e-5)
