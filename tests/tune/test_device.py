"""Training uses a GPU that works, and computes the same there; otherwise it uses the cores."""

import numpy as np
import pytest
import torch

from headstart.errors import FitError
from headstart.process.cores import count_cores
from headstart.tune import device, trainer
from headstart.tune.device import compute_exactly

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)


def fail(*_, **__):
    raise RuntimeError("CUDA error: no kernel image is available for execution on the device.\nMore of it.")


def choose(monkeypatch, current_device=lambda: 0, try_out=lambda _: None):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", current_device)
    monkeypatch.setattr(device, "_try_out", try_out)
    return device.choose_device.__wrapped__()


def test_without_a_gpu_the_cores_compute(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.choose_device.__wrapped__() == CPU


def test_a_working_gpu_is_used(monkeypatch):
    assert choose(monkeypatch) == GPU


@pytest.mark.parametrize("where", ["current_device", "try_out"])
def test_a_failing_gpu_is_reported_and_not_used(monkeypatch, where):
    match = r"The GPU cannot be used \(CUDA error: no kernel image .* device\): training computes on the cores"
    with pytest.warns(UserWarning, match=match):
        assert choose(monkeypatch, **{where: fail}) == CPU


def test_a_usable_gpu_passes_the_trial():
    if device.choose_device() == CPU:
        pytest.skip("needs a GPU that torch can use")
    device._try_out(device.choose_device())


@pytest.mark.parametrize(("n", "name"), [(1, "1 core"), (2, "2 cores")])
def test_the_cores_are_named_by_their_number(monkeypatch, n, name):
    monkeypatch.setattr(device, "count_cores", lambda: n)
    assert device.name_device(CPU) == name


@pytest.mark.parametrize(
    ("error", "where", "match"),
    [
        (MemoryError(), CPU, "there is not enough memory. Give a higher --cut"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), CPU, "there is not enough memory"),
        (RuntimeError("CUDA error: out of memory"), GPU, r"the GPU failed \(CUDA error: out of memory\). Set CUDA_VIS"),
        (RuntimeError("CUDNN_STATUS_ALLOC_FAILED\nmore"), GPU, r"the GPU failed \(CUDNN_STATUS_ALLOC_FAILED\)"),
    ],
)
def test_a_lack_of_memory_is_an_error_for_the_user(monkeypatch, error, where, match):
    monkeypatch.setattr(device, "_use_exact_float32", compute_nothing)
    monkeypatch.setattr(device, "choose_device", lambda: where)
    with pytest.raises(FitError, match=match), compute_exactly():
        raise error


@device.contextmanager
def compute_nothing():
    yield


def test_other_errors_stay_as_they_are(monkeypatch):
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), compute_exactly():
        raise RuntimeError("shapes cannot be multiplied")


def test_float32_is_exact_in_the_block_and_flags_are_restored(monkeypatch):
    monkeypatch.setattr(device, "choose_device", lambda: GPU)
    before = read_flags()
    with compute_exactly():
        is_deterministic, is_benchmark, *precisions = read_flags()
        assert is_deterministic
        assert not is_benchmark
        assert set(precisions) <= {"ieee", False}
    assert read_flags() == before


def read_flags():
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    if hasattr(cudnn, "conv"):
        precisions = [part.fp32_precision for part in (cudnn.conv, cudnn.rnn, matmul)]
    else:
        precisions = [cudnn.allow_tf32, matmul.allow_tf32]
    return cudnn.deterministic, cudnn.benchmark, *precisions


def test_on_the_cores_no_flag_is_changed(monkeypatch):
    monkeypatch.setattr(device, "choose_device", lambda: CPU)
    monkeypatch.setattr(device, "_use_exact_float32", fail)
    with compute_exactly():
        assert torch.get_num_threads() == count_cores()


def test_gpu_and_cores_give_the_same_head(fit, monkeypatch):
    if device.choose_device() == CPU:
        pytest.skip("needs a GPU that torch can use")

    on_gpu = fit()
    monkeypatch.setattr(trainer, "choose_device", lambda: CPU)
    on_cores = fit()
    assert "core" in on_cores.device
    assert "core" not in on_gpu.device
    np.testing.assert_allclose(on_gpu.head.weights, on_cores.head.weights, atol=1e-3)
    losses = [[row.loss for row in tuned.history] for tuned in (on_gpu, on_cores)]
    np.testing.assert_allclose(*losses, atol=1e-3)
