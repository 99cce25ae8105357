"""Training goes to a GPU that works, and computes the same there; without one it stays on the cores."""

import numpy as np
import pytest
import torch

from headstart.cores import count_cores
from headstart.tune import device, fit
from headstart.tune.fit import fit_tail

CPU = torch.device("cpu")


def choose(monkeypatch, **answers):
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, answer)
    return device.choose_device.__wrapped__()


def test_without_a_gpu_it_is_the_cores(monkeypatch):
    assert choose(monkeypatch, is_available=lambda: False) == CPU
    assert device.name_device(CPU) == f"{count_cores()} cores"


def test_a_gpu_that_cannot_compute_is_left_alone(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")

    monkeypatch.setattr(torch, "ones", fail)
    assert choose(monkeypatch, is_available=lambda: True, current_device=lambda: 0) == CPU


def test_the_same_comes_of_both(backbone, graph, task, monkeypatch):
    if device.choose_device() == CPU:
        pytest.skip("needs a GPU that torch can use")

    def train():
        return fit_tail(graph, backbone.spec, task.source, cut=task.cut, recipe=task.recipe, start=task.start,
                        train=task.train, validation=task.validation, seed=0)  # fmt: skip

    on_gpu = train()
    monkeypatch.setattr(fit, "choose_device", lambda: CPU)
    on_cores = train()
    assert "cores" in on_cores.device
    assert "cores" not in on_gpu.device
    np.testing.assert_allclose(on_gpu.head.weights, on_cores.head.weights, atol=1e-3)
    losses = [[row.loss for row in tuned.history] for tuned in (on_gpu, on_cores)]
    np.testing.assert_allclose(*losses, atol=1e-3)
