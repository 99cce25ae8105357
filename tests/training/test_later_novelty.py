"""A novelty test that is fitted at its first use."""

import pickle

import numpy as np
import pytest

from headstart.head.novelty import fit_novelty
from headstart.training import later_novelty
from headstart.training.later_novelty import LaterNovelty


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(60, 4)) @ rng.normal(size=(4, 12)) + 3).astype(np.float32)


def test_the_test_is_that_of_fit_novelty_and_is_fitted_once(rows, monkeypatch):
    fitted = []
    monkeypatch.setattr(later_novelty, "fit_novelty", lambda *a, **k: fitted.append(1) or fit_novelty(*a, **k))
    later = LaterNovelty(rows, None, 3)
    assert not fitted
    np.testing.assert_array_equal(later.get().measure(rows), fit_novelty(rows, seed=3).measure(rows))
    assert later.get() is later.get()
    assert fitted == [1]


def test_a_pickle_has_the_test_and_not_the_features(rows):
    wide = np.tile(rows, 500)
    data = pickle.dumps(LaterNovelty(wide, None, 0))
    assert len(data) < wide.nbytes / 2
    np.testing.assert_array_equal(pickle.loads(data).get().measure(wide), fit_novelty(wide).measure(wide))  # noqa: S301
