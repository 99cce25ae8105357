"""Workers on Ray train as one process does, pass on errors and Ctrl-C, and start again after one dies."""

import os
import signal
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from headstart.errors import FitError
from headstart.scale import ray_training
from headstart.scale.ray_training import FOLDER, RayWorkers, _make_user_error, fit_on_ray
from headstart.storage.local_files import list_files

pytestmark = pytest.mark.filterwarnings("ignore:.use_[a-z0-9_]+. is deprecated")  # Ray itself uses them
ONE, TWO = RayWorkers("local", 1), RayWorkers("local", 2)


def list_workers():
    for process in psutil.Process().children(recursive=True):
        try:
            name = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "RayTrainWorker" in name:
            yield process


def change_epochs(task, n_epochs):
    hyperparameters = replace(task.plan.hyperparameters, epochs=n_epochs, patience=n_epochs)
    return replace(task, plan=replace(task.plan, hyperparameters=hyperparameters))


@pytest.mark.slow
def test_one_worker_gives_the_bits_of_one_process_even_if_it_is_killed(own_ray, tuning_task):
    task = change_epochs(tuning_task, 24)
    alone = task.fit(task.open())
    said, steps = [], []

    def kill(line):
        said.append(line)
        if line.startswith("Epoch 2/"):
            next(list_workers()).kill()

    tuned = fit_on_ray(
        replace(task, checkpoint="killed"), ONE, say=kill, progress=lambda n_done, _: steps.append(n_done)
    )
    assert tuned.history == alone.history
    assert (tuned.head.weights == alone.head.weights).all()
    assert all((tuned.weights[name] == value).all() for name, value in alone.weights.items())
    assert tuned.device == alone.device
    lost = said.index("A worker died: all workers start again from the last checkpoint.")
    assert said[lost + 1].startswith("Resumed after epoch ")
    assert said[-1].startswith("Epoch 24/24")
    assert steps[-1] == 24 * 3 * 6
    assert list_files(FOLDER) == []  # the temporary folder is deleted


def make_press(start):
    def press(line):
        if line.startswith(start):
            os.kill(os.getpid(), signal.SIGINT)

    return press


@pytest.mark.slow
def test_two_workers_take_the_steps_of_one_process_until_ctrl_c(own_ray, tuning_task):
    task = change_epochs(tuning_task, 300)
    tuned = fit_on_ray(task, TWO, say=make_press("Epoch 1/"))
    assert tuned.is_stopped
    assert 1 <= tuned.n_epochs < 300
    alone = task.fit(task.open(), say=make_press(f"Epoch {tuned.n_epochs}/"))
    assert alone.n_epochs == tuned.n_epochs
    np.testing.assert_allclose(tuned.head.weights, alone.head.weights, atol=1e-3)
    for name, value in alone.weights.items():
        np.testing.assert_allclose(tuned.weights[name], value, atol=1e-3)
    losses = [[row.loss for row in some.history] for some in (tuned, alone)]
    np.testing.assert_allclose(*losses, atol=0.01)
    assert tuned.device.startswith("2 workers, each ")


@pytest.mark.slow
def test_a_headstart_error_of_a_worker_reaches_the_user_unchanged(own_ray, tuning_task):
    plan = tuning_task.plan
    first_head = replace(plan.first_head, weights=np.full_like(plan.first_head.weights, np.nan))
    with pytest.raises(FitError, match=r"^Cannot train above the cut: the loss is not finite\. Give a lower"):
        fit_on_ray(replace(tuning_task, plan=replace(plan, first_head=first_head, validation=None)), ONE)


def test_more_workers_than_cores_are_an_error(own_ray, tuning_task):
    with pytest.raises(FitError, match="Cannot train on Ray: got 1000 workers, need 1 to"):
        fit_on_ray(tuning_task, RayWorkers("local", 1000))


def test_other_errors_become_one_sentence():
    error = _make_user_error(SimpleNamespace(worker_failures={0: RuntimeError("The worker died.\nMore of it.")}))
    assert isinstance(error, FitError)
    assert str(error).startswith("Cannot train on Ray: got a failure of its workers (The worker died). Read")


def test_the_text_in_a_checkpoints_name_stays():
    assert ONE.describe() == "Workers(address='local', n_workers=1)"


@pytest.mark.parametrize("address", ["local", "ray://host:10001"])
def test_workers_get_the_spin_of_threads_and_only_others_the_cache(monkeypatch, address):
    monkeypatch.setenv("HEADSTART_CACHE", "/cache")
    monkeypatch.setenv("GOMP_SPINCOUNT", "1000")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    wanted = {"GOMP_SPINCOUNT": "1000"} | ({} if address == "local" else {"HEADSTART_CACHE": "/cache"})
    assert ray_training._list_worker_variables(ray_training.RayWorkers(address)) == wanted
