"""Training above a cut learns, keeps the best epoch, stops when asked, and resumes exactly where it stopped."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.tune import trainer
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.tail_and_head import resize_rows
from headstart.tune.training_plan import TrainingData


def test_training_learns_to_separate_the_classes(fit, graph):
    result = fit()
    last = result.history[-1]
    assert (last.data, last.epoch, last.accuracy) == ("Validation", 3, 1.0)
    assert [row.data for row in result.history] == ["Validation", *["Training", "Validation"] * 3]  # first the start
    assert result.best_epoch == result.n_epochs == 3
    assert not result.is_stopped
    changed = [name for name, value in result.weights.items() if (value != graph.weights[name]).any()]
    assert "block_16_project/kernel" in changed
    assert not [name for name in changed if name.endswith(("mean", "variance"))]  # norms stay as pretrained


@pytest.mark.slow
def test_the_seed_decides_the_result(fit):
    one, same, other = (fit(seed=seed) for seed in (0, 0, 1))
    assert (one.head.weights == same.head.weights).all()
    assert one.history == same.history
    assert (one.head.weights != other.head.weights).any()


def test_ctrl_c_after_the_last_epoch_changes_nothing(fit):
    def press(text):
        if text.startswith("Epoch 3/3"):
            os.kill(os.getpid(), signal.SIGINT)

    result = fit(say=press)
    assert result.n_epochs == 3
    assert not result.is_stopped


@pytest.mark.slow
def test_norms_are_trained_if_asked(fit, graph):
    result = fit(is_norm_trained=True)
    name = "block_16_project_BN/mean"
    assert (result.weights[name] != graph.weights[name]).any()


def test_training_from_random_weights_forgets_the_pretrained_ones(fit, graph):
    result = fit(is_random=True, is_norm_trained=True)
    name = "block_16_project/kernel"
    assert np.corrcoef(result.weights[name].ravel(), graph.weights[name].ravel())[0, 1] < 0.1


def test_activations_are_smaller_at_first_if_asked(fit, monkeypatch):
    sides = []

    def note(rows, side):
        sides.append(side)
        return resize_rows(rows, side)

    monkeypatch.setattr(trainer, "resize_rows", note)
    fit()
    assert sides == []
    fit(first_side=0.3)
    assert sides == [1] * 10 + [3] * 2


def test_weights_of_photos_count_in_the_loss(fit, plan):
    train = plan.train
    only_first_class = TrainingData(train.photos, train.y, (train.y == 0).astype(float))
    result = fit(train=only_first_class, validation=None)
    assert result.head.bias[0] > result.head.bias[1]


@pytest.mark.slow
def test_the_start_is_kept_if_no_epoch_is_better(fit, plan, graph):
    good = fit()
    start = replace(plan.first_head, weights=good.head.weights, bias=good.head.bias)
    wrong = replace(plan.train, y=1 - plan.train.y)  # what is learned from these labels is worse in every epoch
    said = []
    result = fit(first_head=start, train=wrong, say=said.append)
    assert result.best_epoch == 0
    assert "the best so far" not in "".join(said)
    factor = result.head.bias / start.bias  # of the calibration
    np.testing.assert_allclose(result.head.weights, factor * start.weights, rtol=1e-4, atol=1e-6)
    assert all((result.weights[name] == value).all() for name, value in graph.weights.items() if name in result.weights)


def test_the_start_is_kept_if_the_gain_is_within_noise(fit, graph):
    said = []
    kept = fit(n_errors=1e6, say=said.append)
    assert kept.best_epoch == 0
    assert said[-1] == "The start is kept: no epoch was better than the start by more than noise."
    assert all((kept.weights[name] == value).all() for name, value in graph.weights.items() if name in kept.weights)


@pytest.mark.slow
def test_training_stops_early_without_improvement(fit, plan):
    validation = plan.validation
    wrong = TrainingData(validation.photos, 1 - validation.y, validation.weight)
    result = fit(validation=wrong, epochs=6, patience=2)
    assert (result.n_epochs, result.best_epoch) == (4, 0)  # two epochs of warm-up, and two of patience


@pytest.mark.slow
def test_a_killed_training_resumes_exactly(fit):
    whole = fit()

    class KilledError(Exception):
        pass

    def kill(n_done, n_total):
        if n_done > 2 * 16:  # in the third epoch
            raise KilledError("killed")

    with pytest.raises(KilledError, match="killed"):
        fit(checkpoint=Checkpoint("t1"), progress=kill)
    steps = []
    resumed = fit(checkpoint=Checkpoint("t1"), progress=lambda n_done, _: steps.append(n_done))
    assert steps[0] == 2 * 16 + 4
    assert resumed.history == whole.history
    assert (resumed.head.weights == whole.head.weights).all()
    assert all((resumed.weights[name] == value).all() for name, value in whole.weights.items())


def test_ctrl_c_keeps_the_best_epoch_so_far(fit):
    def press(n_done, n_total):
        if n_done == 2 * 16 + 4:
            os.kill(os.getpid(), signal.SIGINT)

    result = fit(progress=press)
    assert result.is_stopped
    assert result.n_epochs == 2
    assert result.history[-1].epoch == 2


def test_a_loss_that_is_not_finite_is_an_error(fit, plan):
    start = replace(plan.first_head, weights=np.full_like(plan.first_head.weights, np.nan))
    with pytest.raises(FitError, match=r"the loss is not finite\. Give a lower --learning-rate"):
        fit(first_head=start, validation=None)
