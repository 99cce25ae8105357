"""The best epoch is kept, or the start if the gain is within noise."""

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
def test_the_start_is_kept_if_no_epoch_gains_more_than_noise(losses):
    _, best = run(START, losses)
    assert best.choose().epoch == 0


def test_without_required_errors_any_gain_suffices():
    assert run(START, LUCKY, n_errors=0.0)[1].choose().epoch == 1


@pytest.mark.parametrize(("losses", "epoch"), [([0.3, 0.1, 0.15, 0.5], 1), ([1.2, 1.3, 1.2, 1.7], 0)])
def test_where_a_gain_is_expected_the_epoch_may_be_worse_by_noise(losses, epoch):
    told, best = run(START, losses, n_errors=-1.0)
    assert told == [True]
    assert best.choose().epoch == epoch


def test_a_gain_on_one_validation_photo_does_not_count():
    assert run([0.5], [0.1])[1].choose().epoch == 0
    assert run([0.5], [0.1], n_errors=0.0)[1].choose().epoch == 1


@pytest.mark.parametrize("is_random", [False, True])
def test_an_epoch_with_a_loss_that_is_not_a_number_is_never_kept(is_random):
    told, best = run(START, [np.nan] * 4, BETTER, is_random=is_random)
    assert told == [False, True]
    assert best.choose().epoch == 2


def test_the_best_so_far_may_differ_from_what_is_kept():
    _, best = run(START, LUCKY)
    assert best.found.epoch == 1


def test_a_random_start_is_never_kept():
    _, best = run([], [3.0, 3.0], [4.0, 4.0], is_random=True)
    assert best.choose().epoch == 1


def test_without_validation_photos_the_last_epoch_is_kept():
    told, best = run([], [], [])
    assert told == [True, True]
    assert best.choose().epoch == 2


def test_evaluated_weights_are_a_calibrated_copy():
    module = nn.Linear(1, 1)
    scores = np.tile(np.array([[8, 0], [0, 8], [8, 0]], np.float32), (30, 1))  # overconfident: a third is wrong
    found = evaluate_weights(module, 3, scores, np.tile([0, 1, 1], 30))
    assert found.epoch == 3
    assert found.factor < 0.5
    assert len(found.losses) == 90
    nn.init.constant_(module.weight, 7.0)
    assert (found.state["weight"] != copy_state(module)["weight"]).all()
