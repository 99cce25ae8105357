"""The novelty test, against an independent slow one, and what its shares promise."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from headstart.head import novelty
from headstart.head.novelty import NoveltyTest, count_units, fit_and_judge, fit_novelty


def draw_rows(n, n_features=96, seed=0, shift=0.0):
    """Return rows like pooled features: 12 factors and noise, cut at 0."""
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(12, n_features))
    rows = generator.normal(size=(n, 12)) @ mixing / 3 + 0.5 * generator.normal(size=(n, n_features)) + 0.5
    return np.maximum(rows + shift * np.random.default_rng(98).normal(size=n_features), 0).astype(np.float32)


def score_slowly(train, rows, n_components):
    """Return the scores by an exact decomposition in float64."""

    def direct(X):
        return X / np.linalg.norm(X, axis=1, keepdims=True)

    known = direct(train.astype(np.float64))
    deviations = known.std(0)
    scale = np.maximum(deviations, np.median(deviations))
    _, _, axes = np.linalg.svd((known - known.mean(0)) / scale, full_matrices=False)
    left = (direct(rows.astype(np.float64)) - known.mean(0)) / scale
    return ((left - left @ axes[:n_components].T @ axes[:n_components]) ** 2).sum(1)


@pytest.mark.parametrize("n", [60, 400])
def test_scores_are_the_exact_residuals(n, monkeypatch):
    monkeypatch.setattr(novelty, "N_ITERATIONS", 60)  # until the components are exact
    train, rows = draw_rows(n), np.concatenate([draw_rows(50, seed=1), draw_rows(50, seed=2, shift=2.0)])
    test = fit_novelty(train)
    exact = score_slowly(train, rows, test.components.shape[1])
    np.testing.assert_allclose(test.score(rows), exact, rtol=2e-3)


def test_scores_of_few_iterations_are_close_to_the_exact_residuals():
    train, rows = draw_rows(400), np.concatenate([draw_rows(200, seed=1), draw_rows(200, seed=2, shift=2.0)])
    test = fit_novelty(train)
    exact = score_slowly(train, rows, test.components.shape[1])
    assert np.corrcoef(test.score(rows), exact)[0, 1] > 0.99


def test_components_are_orthonormal_and_as_many_as_the_rows_allow():
    for n, expected in ((30, 5), (120, 20), (600, 48)):
        components = fit_novelty(draw_rows(n)).components
        assert components.shape == (96, expected)
        np.testing.assert_allclose(components.T @ components, np.eye(expected), atol=1e-5)


@pytest.mark.parametrize(("n", "share"), [(40, 0.05), (150, 0.05), (150, 0.2), (600, 0.01)])
def test_the_promised_share_of_own_photos_is_refused(n, share):
    refused = [(fit_novelty(draw_rows(n, seed=k), seed=k).measure(draw_rows(300, seed=1000 + k)) <= share).mean()
               for k in range(40)]  # fmt: skip
    noise = np.sqrt(share * (1 - share) * (1 / n + 1 / 300) / 40)  # of the calibration, and of the test photos
    assert np.mean(refused) <= share + 4 * noise
    assert np.mean(refused) >= 0.4 * share  # folds make a photo slightly stranger than all photos do


def test_rows_of_other_photos_give_the_shares_exactly():
    train, held_out = draw_rows(300), draw_rows(199, seed=1)
    test, novelties = fit_and_judge(train, held_out=held_out)
    assert test.n_units == 199
    np.testing.assert_array_equal(novelties, test.measure(held_out))
    ranks = (test.score(held_out)[:, None] <= test.score(held_out)).sum(1) / 200
    near = ranks <= 48 / 200  # further on, shares are interpolated
    np.testing.assert_allclose(novelties[near], ranks[near], atol=1e-5)
    np.testing.assert_allclose(novelties, ranks, atol=0.015)


def test_strangers_have_the_smallest_novelty_and_the_novelty_falls_with_the_score():
    test = fit_novelty(draw_rows(300))
    strangers = test.measure(draw_rows(50, seed=3, shift=3.0))
    assert strangers.max() < 0.01
    assert strangers.min() == pytest.approx(1 / 301, abs=1e-5)
    assert 0 < strangers.min() <= 1 / 301
    rows = np.concatenate([draw_rows(200, seed=4, shift=shift) for shift in (0, 0.5, 1)])
    order = np.argsort(test.score(rows))
    assert (np.diff(test.measure(rows)[order]) <= 1e-6).all()


def test_a_novelty_does_not_depend_on_the_other_rows():
    test, rows = fit_novelty(draw_rows(200)), draw_rows(40, seed=5)
    alone = np.concatenate([test.measure(row[None]) for row in rows])
    assert alone.tobytes() == test.measure(rows).tobytes()


def test_units_are_held_out_together_and_count_as_one():
    rows = np.repeat(draw_rows(60), 5, axis=0)  # five copies of each row
    units = [str(n // 5) for n in range(300)]
    together, alone = fit_novelty(rows, units), fit_novelty(rows)
    assert (together.n_units, alone.n_units) == (60, 300)
    own = draw_rows(400, seed=1)
    assert (alone.measure(own) <= 0.05).mean() > 0.5  # copies of a row make it look familiar
    assert (together.measure(own) <= 0.05).mean() < 0.1


def test_a_large_unit_is_not_rarer_than_one_of_all_units():
    rows, units = draw_rows(130), ["one"] * 100 + [str(n) for n in range(30)]
    test = fit_novelty(rows, units)
    assert test.n_units == 31
    assert test.measure(draw_rows(20, seed=1, shift=5.0)).min() >= 1 / 32 - 1e-4


@pytest.mark.parametrize("n", [0, 1, 18])
def test_too_few_photos_give_no_test(n):
    assert fit_novelty(draw_rows(n)) is None


def test_too_few_units_or_other_photos_give_no_test():
    assert fit_novelty(draw_rows(60), ["a", "b", "c"] * 20) is None
    assert fit_novelty(draw_rows(60), held_out=draw_rows(18)) is None
    assert fit_novelty(draw_rows(1), held_out=draw_rows(50)) is None
    assert fit_novelty(draw_rows(19)).n_units == 19
    assert count_units(5, None) == 5


@pytest.mark.parametrize("kind", ["zeros", "the same", "constant features", "zero rows", "float16", "huge", "tiny"])
def test_odd_features_give_a_test_of_finite_numbers(kind):
    rows = draw_rows(60)
    if kind == "zeros":
        rows[:] = 0
    elif kind == "the same":
        rows[:] = rows[0]
    elif kind == "constant features":
        rows[:, :80] = 1
    elif kind == "zero rows":
        rows[:10] = 0
    elif kind == "float16":
        rows = rows.astype(np.float16)
    elif kind == "huge":
        rows *= 1e15
    elif kind == "tiny":
        rows *= 1e-15
    test = fit_novelty(rows)
    for name, value in dataclasses.asdict(test).items():
        assert np.isfinite(value).all(), name
    novelties = test.measure(rows)
    assert novelties.dtype == np.float32
    assert ((novelties > 0) & (novelties <= 1)).all()


def test_equal_scores_have_the_share_of_all_of_them():
    test = fit_novelty(np.repeat(draw_rows(2), 20, axis=0), None)
    assert np.unique(test.measure(np.repeat(draw_rows(2), 20, axis=0))).size <= 2
    same = fit_novelty(np.repeat(draw_rows(1), 40, axis=0))
    assert same.measure(draw_rows(1))[0] == pytest.approx(40 / 41, abs=1e-4)


def test_many_rows_are_limited_to_a_part_that_the_seed_draws(monkeypatch):
    monkeypatch.setattr(novelty, "MAX_ROWS", 100)
    rows = draw_rows(250)
    first, again, other = (fit_novelty(rows, [str(n) for n in range(250)], seed=seed) for seed in (0, 0, 1))
    assert first.n_units == 100
    assert first.components.tobytes() == again.components.tobytes()
    assert first.components.tobytes() != other.components.tobytes()


PROGRAM = """
import os
os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:int({n})])
import hashlib
import numpy as np
from headstart.head.novelty import fit_and_judge
rows = np.maximum(np.random.default_rng(0).normal(size=(900, 700)) + 0.3, 0).astype(np.float32)
for some in (rows, rows[:300]):
    test, novelties = fit_and_judge(some)
    parts = (test.mean, test.scale, test.components, test.starts, test.slopes, test.falls, novelties)
    print(hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest())
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "sched_setaffinity"), reason="needs a choice of cores")
def test_one_and_two_cores_give_the_same_bits():
    found = [
        subprocess.run([sys.executable, "-c", PROGRAM.format(n=n)], capture_output=True, text=True, check=True).stdout
        for n in (1, 2)
    ]
    assert found[0] == found[1]
    assert len(found[0].split()) == 2


def test_shares_have_at_most_128_knots_and_the_strangest_are_kept():
    test = fit_novelty(draw_rows(900))
    assert isinstance(test, NoveltyTest)
    assert len(test.starts) == len(test.slopes) == len(test.falls) <= 127
    top = 1 - np.cumsum(test.falls)[::-1][:1]
    assert top[0] == pytest.approx(1 - test.most + 1 / 901, abs=1e-3)
