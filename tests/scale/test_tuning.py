"""A team of workers on Ray trains as one process does, tells its errors, stops when asked, and survives a death."""

import os
import signal
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from headstart.errors import FitError, MissingExtraError, PhotoError
from headstart.folders import list_files
from headstart.scale import cluster
from headstart.scale.cluster import connect
from headstart.scale.tuning import FOLDER, Workers, _explain, fit_on_ray

pytestmark = pytest.mark.filterwarnings("ignore:.use_[a-z0-9_]+. is deprecated")  # which Ray itself uses
ONE, TWO = Workers("local", 1), Workers("local", 2)


def check_same(one, other):
    assert one.history == other.history
    assert (one.head.weights == other.head.weights).all()
    assert all((one.weights[name] == value).all() for name, value in other.weights.items())


@pytest.fixture(scope="module")
def alone(tuning_task):
    return tuning_task.fit(tuning_task.open())


def test_one_worker_gives_the_bits_of_this_process(own_ray, tuning_task, alone):
    said, steps = [], []
    tuned = fit_on_ray(tuning_task, ONE, say=said.append, progress=lambda n_done, _: steps.append(n_done))
    check_same(tuned, alone)
    assert tuned.device == alone.device
    assert [line.split(":")[0] for line in said] == ["Start", "Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert steps[-1] == 3 * 3 * 6
    assert list_files(FOLDER) == []  # and so tidy


def test_two_workers_take_the_steps_of_one(own_ray, tuning_task, alone):
    tuned = fit_on_ray(tuning_task, TWO)
    np.testing.assert_allclose(tuned.head.weights, alone.head.weights, atol=1e-3)
    for name, value in alone.weights.items():
        np.testing.assert_allclose(tuned.weights[name], value, atol=1e-3)
    accuracies = [[row.accuracy for row in some.history] for some in (tuned, alone)]
    np.testing.assert_allclose(*accuracies, atol=0.2)  # two photos of ten
    assert tuned.device.startswith("2 workers, each ")


def test_an_error_of_ours_arrives_as_it_is(own_ray, tuning_task):
    start = replace(tuning_task.start, weights=np.full_like(tuning_task.start.weights, np.nan))
    with pytest.raises(FitError, match=r"^Cannot train above the cut: the loss is not finite any more\. Give a lower"):
        fit_on_ray(replace(tuning_task, start=start, validation=None), TWO)


def test_an_error_of_one_worker_ends_all(own_ray, tuning_task, tmp_path):
    lost = [replace(photo, file=str(tmp_path / "lost.jpg")) for photo in tuning_task.photos]
    with pytest.raises(PhotoError, match=r"Cannot train on .*lost\.jpg"):
        fit_on_ray(replace(tuning_task, photos=lost, image_size=128), TWO)


def list_workers():
    for process in psutil.Process().children(recursive=True):
        try:
            name = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "RayTrainWorker" in name:
            yield process


def test_a_worker_that_dies_is_replaced_and_nothing_is_lost(own_ray, tuning_task):
    task = replace(tuning_task, recipe=replace(tuning_task.recipe, epochs=24, patience=24))
    undisturbed = task.fit(task.open())
    said = []

    def kill(line):
        said.append(line)
        if line.startswith("Epoch 2/"):
            next(list_workers()).kill()

    tuned = fit_on_ray(replace(task, checkpoint="killed"), ONE, say=kill)
    check_same(tuned, undisturbed)
    assert "A worker was lost: all begin again, from the last epoch that was kept." in said
    assert any(line.startswith("Going on after epoch ") for line in said)


def test_ctrl_c_keeps_the_best_so_far(own_ray, tuning_task):
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        pytest.skip("Ctrl-C is ignored here")
    recipe = replace(tuning_task.recipe, epochs=400, patience=400)

    def press(line):
        if line.startswith("Epoch 1/"):
            os.kill(os.getpid(), signal.SIGINT)

    tuned = fit_on_ray(replace(tuning_task, recipe=recipe), TWO, say=press)
    assert tuned.is_stopped
    assert 1 <= tuned.n_epochs < 400


def test_more_workers_than_cores_are_an_error(own_ray, tuning_task):
    with pytest.raises(FitError, match="Cannot train on Ray: got 1000 workers, need 1 to"):
        fit_on_ray(tuning_task, Workers("local", 1000))


def test_what_is_no_error_of_ours_is_told_in_one_line():
    error = _explain(SimpleNamespace(worker_failures={0: RuntimeError("The worker died.\nMore of it.")}))
    assert isinstance(error, FitError)
    assert str(error).startswith("Cannot train on Ray: its workers failed (The worker died). Look into")


def test_without_ray_its_extra_is_named(monkeypatch):
    monkeypatch.setattr(cluster, "is_installed", lambda _: False)
    with pytest.raises(MissingExtraError, match=r"got no package 'ray', need it.*pip install 'headstart\[ray\]'"):
        connect("local").__enter__()
