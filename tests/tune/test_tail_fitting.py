"""Training above a cut learns, keeps the best, stops when asked, and goes on exactly where it was."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.tail_fitting import fit_tail
from headstart.tune.training_data import Lesson


def fit(backbone, graph, task, **changes):
    settings = {
        name: getattr(task, name) for name in ("cut", "recipe", "start", "train", "validation", "seed")
    } | changes  # fmt: skip
    return fit_tail(graph, backbone.spec, task.source, **settings)


def test_it_learns_what_can_be_seen(backbone, graph, task):
    tuned = fit(backbone, graph, task)
    last = tuned.history[-1]
    assert (last.data, last.epoch, last.accuracy) == ("Validation", 3, 1.0)
    assert [row.data for row in tuned.history] == ["Validation", *["Training", "Validation"] * 3]  # first of the start
    assert tuned.best_epoch == tuned.n_epochs == 3
    assert not tuned.is_stopped
    changed = [name for name, value in tuned.weights.items() if (value != graph.weights[name]).any()]
    assert "block_16_project/kernel" in changed
    assert not [name for name in changed if name.endswith(("mean", "variance"))]  # norms stay as pretrained


def test_the_seed_fixes_it(backbone, graph, task):
    one, same, other = (fit(backbone, graph, task, seed=seed) for seed in (0, 0, 1))
    assert (one.head.weights == same.head.weights).all()
    assert one.history == same.history
    assert (one.head.weights != other.head.weights).any()


def test_ctrl_c_in_the_last_moment_comes_too_late(backbone, graph, task):
    def press(text):
        if text.startswith("Epoch 3/3"):
            os.kill(os.getpid(), signal.SIGINT)

    tuned = fit(backbone, graph, task, say=press)
    assert tuned.n_epochs == 3
    assert not tuned.is_stopped


def test_norms_are_trained_if_asked(backbone, graph, task):
    tuned = fit(backbone, graph, task, recipe=replace(task.recipe, is_norm_trained=True))
    name = "block_16_project_BN/mean"
    assert (tuned.weights[name] != graph.weights[name]).any()


def test_random_weights_are_trained_from_the_start(backbone, graph, task):
    recipe = replace(task.recipe, is_random=True, is_norm_trained=True)
    tuned = fit(backbone, graph, task, recipe=recipe)
    name = "block_16_project/kernel"
    assert np.corrcoef(tuned.weights[name].ravel(), graph.weights[name].ravel())[0, 1] < 0.1


def test_weights_of_photos_count(backbone, graph, task):
    without = Lesson(task.train.photos, task.train.y, (task.train.y == 0).astype(float))
    tuned = fit(backbone, graph, task, train=without, validation=None)
    scores = tuned.head.bias[0] - tuned.head.bias[1]
    assert scores > 0  # of the class that alone counted


def test_the_start_is_kept_if_no_epoch_is_better(backbone, graph, task):
    good = fit(backbone, graph, task)
    start = replace(task.start, weights=good.head.weights, bias=good.head.bias)
    wrong = replace(task.train, y=1 - task.train.y)  # what is learned from these labels is worse in every epoch
    said = []
    tuned = fit(backbone, graph, task, start=start, train=wrong, say=said.append)
    assert tuned.best_epoch == 0
    assert "the best so far" not in "".join(said)
    factor = tuned.head.bias / start.bias  # as confident as the validation photos say
    np.testing.assert_allclose(tuned.head.weights, factor * start.weights, rtol=1e-4, atol=1e-6)
    assert all((tuned.weights[name] == value).all() for name, value in graph.weights.items() if name in tuned.weights)


def test_a_gain_within_noise_is_no_reason_to_leave_the_start(backbone, graph, task):
    said = []
    kept = fit(backbone, graph, task, recipe=replace(task.recipe, n_errors=1e6), say=said.append)
    assert kept.best_epoch == 0
    assert said[-1] == "The start is kept: no epoch was better by more than noise."
    assert all((kept.weights[name] == value).all() for name, value in graph.weights.items() if name in kept.weights)


def test_without_improvement_it_stops_early(backbone, graph, task):
    mixed = Lesson(task.validation.photos, 1 - task.validation.y, task.validation.weight)  # every label is wrong
    tuned = fit(backbone, graph, task, validation=mixed, recipe=replace(task.recipe, epochs=6, patience=2))
    assert (tuned.n_epochs, tuned.best_epoch) == (4, 0)  # two in which the rates rise, and two more


def test_a_killed_training_goes_on_exactly(backbone, graph, task):
    whole = fit(backbone, graph, task)

    class KilledError(Exception):
        pass

    def kill(n_done, n_total):
        if n_done > 2 * 16:  # in the third epoch
            raise KilledError("on purpose")

    with pytest.raises(KilledError, match="on purpose"):
        fit(backbone, graph, task, checkpoint=Checkpoint("t1"), progress=kill)
    steps = []
    resumed = fit(backbone, graph, task, checkpoint=Checkpoint("t1"), progress=lambda n_done, _: steps.append(n_done))
    assert steps[0] == 2 * 16 + 4
    assert resumed.history == whole.history
    assert (resumed.head.weights == whole.head.weights).all()
    assert all((resumed.weights[name] == value).all() for name, value in whole.weights.items())


def test_ctrl_c_keeps_the_best_so_far(backbone, graph, task):
    def press(n_done, n_total):
        if n_done == 2 * 16 + 4:
            os.kill(os.getpid(), signal.SIGINT)

    tuned = fit(backbone, graph, task, progress=press)
    assert tuned.is_stopped
    assert tuned.n_epochs == 2
    assert tuned.history[-1].epoch == 2


def test_a_loss_that_is_not_finite_is_an_error(backbone, graph, task):
    start = replace(task.start, weights=np.full_like(task.start.weights, np.nan))
    with pytest.raises(FitError, match=r"not finite any more\. Give a lower --learning-rate"):
        fit(backbone, graph, task, start=start, validation=None)
