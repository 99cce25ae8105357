"""Rows that are prepared once give the same results for every fit."""

import numpy as np

from headstart.head.logistic import fit_logistic
from headstart.head.prepared_rows import prepare_rows
from headstart.head.regularisation import choose_strength, predict_held_out

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(90, 12)).astype(np.float32)
Y = (X[:, 0] + RANDOM.normal(size=90) > 0).astype(np.int64)
WEIGHT = RANDOM.uniform(0.5, 2, 90)


def prepare():
    return prepare_rows(X, Y, n_classes=2, sample_weight=WEIGHT)


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
    in_memory = prepare_rows(X, Y, n_classes=2)
    monkeypatch.setattr("headstart.storage.large_arrays.LARGE_BYTES", 1)
    monkeypatch.setattr("headstart.storage.large_arrays.BLOCK_BYTES", 1000)
    in_file = prepare_rows(X, Y, n_classes=2)
    assert isinstance(in_file.Z, np.memmap)
    np.testing.assert_array_equal(in_file.Z, in_memory.Z)
    small, large = fit_logistic(in_memory, strength=0.1).head, fit_logistic(in_file, strength=0.1).head
    np.testing.assert_allclose(large.weights, small.weights, atol=1e-5)
