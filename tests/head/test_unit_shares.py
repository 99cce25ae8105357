"""Shares of new photos: rows alone count one each, and the rows of a unit are compared with other units."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.head.novelty import fit_novelty
from headstart.head.unit_shares import UnitWeights


def test_rows_alone_count_one_over_units_and_one() -> None:
    rows = UnitWeights.weigh(9, None)
    np.testing.assert_array_equal(rows.measure_tails(np.arange(9)[::-1]), np.arange(1, 10) / 10)


def test_rows_weigh_one_over_the_size_of_their_unit() -> None:
    rows = UnitWeights.weigh(5, ["x", "y", "x", "x", "z"])
    np.testing.assert_allclose(rows.weights, [1 / 3, 1, 1 / 3, 1 / 3, 1])
    assert rows.n_units == 3


def test_no_rows_have_no_shares() -> None:
    assert len(UnitWeights.weigh(3, ["a", "a", "b"]).measure_tails(np.empty(0, np.int64))) == 0


def test_shares_never_fall() -> None:
    random = np.random.default_rng(0)
    rows = UnitWeights.weigh(300, [str(unit) for unit in random.integers(0, 40, 300)])
    shares = rows.measure_tails(random.permutation(300))
    assert (np.diff(shares) >= 0).all()
    assert shares[-1] == pytest.approx(rows.n_units / (rows.n_units + 1))


def test_units_of_equal_rows_count_as_one_row() -> None:
    alone = UnitWeights.weigh(20, None).measure_tails(np.arange(20))
    repeated = UnitWeights.weigh(60, [str(n // 3) for n in range(60)]).measure_tails(np.arange(60))
    np.testing.assert_allclose(repeated[2::3], alone)


@pytest.mark.parametrize("likeness", [0.0, 0.5, 0.95])
def test_photos_of_new_units_reach_a_share_as_often_as_it_says(likeness: float) -> None:
    random, level, found = np.random.default_rng(1), 0.1, []

    def draw(n_units: int) -> tuple[np.ndarray, np.ndarray]:
        units = np.repeat(np.arange(n_units), random.integers(1, 20, n_units))
        own = random.normal(size=n_units)[units] * likeness**0.5
        return units, own + random.normal(size=len(units)) * (1 - likeness) ** 0.5

    for _ in range(300):
        units, scores = draw(20)
        order = np.argsort(-scores)
        shares = UnitWeights.weigh(len(units), units.astype(str).tolist()).measure_tails(order)
        limit = np.interp(level, shares, scores[order])
        new_units, new_scores = draw(100)
        weights = UnitWeights.weigh(len(new_units), new_units.astype(str).tolist()).weights
        found.append(weights[new_scores >= limit].sum() / 100)
    assert np.mean(found) == pytest.approx(level, abs=0.008)


def test_novelty_of_groups_begins_at_one_over_units_and_one() -> None:
    random = np.random.default_rng(2)
    units = [str(n // 5) for n in range(120 * 5)]
    X = (random.normal(size=(120, 24)).repeat(5, 0) + random.normal(size=(600, 24)) + 3).astype(np.float32)
    test = fit_novelty(X, units)
    assert test is not None
    stranger = X[:1] * np.where(np.arange(24) % 2, 40, -40)
    assert test.measure(stranger.astype(np.float32))[0] == pytest.approx(1 / 121, abs=1e-5)
    assert test.measure(stranger.astype(np.float32))[0] <= 1 / 121
