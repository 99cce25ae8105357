"""The best epoch is kept, and the start where the best one is not better by more than noise."""

import numpy as np
import pytest
from torch import nn

from headstart.tune.best_epoch import BestEpoch, EpochWeights, copy_state, evaluate_weights

START = [0.1, 0.2, 0.1, 0.6]
BETTER = [0.05, 0.1, 0.05, 0.5]  # on every photo
LUCKY = [0.1, 0.2, 0.1, 0.1]  # on one photo alone


def make(epoch, losses):
    return EpochWeights(epoch, {}, 1.0, np.array(losses))


def run(start, *epochs, **settings):
    best = BestEpoch(make(0, start), **{"is_random": False, "n_errors": 2.0} | settings)
    told = [best.offer(make(number, losses)) for number, losses in enumerate(epochs, start=1)]
    return told, best


def test_the_epoch_with_the_least_loss_is_kept():
    told, best = run(START, BETTER, [0.9, 0.9, 0.9, 0.9])
    assert told == [True, False]
    assert best.choose().epoch == 1


@pytest.mark.parametrize("losses", [LUCKY, [0.2, 0.3, 0.2, 0.7]])
def test_the_start_is_kept_if_noise_or_nothing_sets_an_epoch_above_it(losses):
    _, best = run(START, losses)
    assert best.choose().epoch == 0


def test_any_gain_may_suffice():
    assert run(START, LUCKY, n_errors=0.0)[1].choose().epoch == 1


def test_one_validation_photo_proves_nothing():
    assert run([0.5], [0.1])[1].choose().epoch == 0
    assert run([0.5], [0.1], n_errors=0.0)[1].choose().epoch == 1


@pytest.mark.parametrize("is_random", [False, True])
def test_what_is_not_a_number_is_never_kept(is_random):
    told, best = run(START, [np.nan] * 4, BETTER, is_random=is_random)
    assert told == [False, True]
    assert best.choose().epoch == 2


def test_patience_goes_by_the_best_so_far_whatever_is_kept():
    _, best = run(START, LUCKY)
    assert best.found.epoch == 1


def test_what_began_at_random_is_never_kept():
    _, best = run([], [3.0, 3.0], [4.0, 4.0], is_random=True)
    assert best.choose().epoch == 1


def test_without_validation_photos_the_last_one_is_kept():
    told, best = run([], [], [])
    assert told == [True, True]
    assert best.choose().epoch == 2


def test_a_candidate_is_a_copy_with_its_confidence_set_right():
    module = nn.Linear(1, 1)
    scores = np.tile(np.array([[8, 0], [0, 8], [8, 0]], np.float32), (30, 1))  # far too sure: a third is wrong
    found = evaluate_weights(module, 3, scores, np.tile([0, 1, 1], 30))
    assert found.epoch == 3
    assert found.factor < 0.5
    assert len(found.losses) == 90
    nn.init.constant_(module.weight, 7.0)
    assert (found.state["weight"] != copy_state(module)["weight"]).all()
