"""The device of a training above a cut: an NVIDIA GPU if torch can use one, else the cores."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812  torch's own habit

from headstart.errors import DeviceWarning, FitError
from headstart.process.cores import count_cores
from headstart.process.packages import find_version

TUNING_RULES = 5  # increase this number when a change gives other weights for the same activations
# words in the error messages of CUDA's libraries; torch has no error class of its own for most of them
GPU_WORDS = ("cuda", "cudnn", "cublas", "unable to find an engine")
MAX_REASON = 120  # characters of a reason in a message


@cache
def choose_device() -> torch.device:
    """Return the device that trains. The environment variable ``CUDA_VISIBLE_DEVICES=`` (empty) hides every GPU.

    Warns
    -----
    DeviceWarning
        If there is a GPU, but it fails to compute.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a driver that is too old: torch then has no GPU
        if not torch.cuda.is_available():
            return torch.device("cpu")
    try:
        device = torch.device("cuda", torch.cuda.current_device())
        _try_out(device)
    except Exception as error:  # drivers, GPUs, libraries and forked processes raise many kinds
        reason = _find_first_line(error)
        text = f"The GPU cannot be used ({reason}): training computes on the cores."
        warnings.warn(text, DeviceWarning, stacklevel=2)
        return torch.device("cpu")
    return device


if hasattr(os, "register_at_fork"):  # a forked child cannot use CUDA once its parent has used it
    os.register_at_fork(after_in_child=choose_device.cache_clear)


def _try_out(device: torch.device) -> None:
    """Call each of the GPU libraries that training needs."""
    kernel = torch.ones((4, 4, 3, 3), device=device, requires_grad=True)
    x = F.conv2d(torch.ones((2, 4, 8, 8), device=device), kernel).mean((2, 3))
    torch.autograd.backward((x @ x.T).sum())
    torch.cuda.synchronize(device)


def name_device(device: torch.device) -> str:
    """Return the name of the GPU, or the number of cores."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{count_cores()} core{'s' if count_cores() != 1 else ''}"


def describe_torch() -> str:
    """Return a text that changes if a training may give other weights: versions and the device.

    It is a part of the names of checkpoints.
    """
    return f"torch {find_version('torch', 'torch')}, {name_device(choose_device())}, rules {TUNING_RULES}"


@contextmanager
def compute_exactly() -> Iterator[None]:
    """Compute in the block with full float32 precision, and the same bits each time, on a GPU and on the cores.

    The number of torch's threads stays set for the process; a GPU's flags are set back.

    Raises
    ------
    FitError
        If there is not enough memory, or the GPU fails.
    """
    torch.set_num_threads(count_cores())
    try:
        with _use_exact_float32() if choose_device().type == "cuda" else nullcontext():
            yield
    except (MemoryError, RuntimeError) as error:
        raise _explain(error) from None


@contextmanager
def _use_exact_float32() -> Iterator[None]:
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    changes: list[tuple[Any, str, Any]] = [(cudnn, "deterministic", True), (cudnn, "benchmark", False)]
    if hasattr(cudnn, "conv"):  # torch 2.9 and later
        changes += [(part, "fp32_precision", "ieee") for part in (cudnn.conv, cudnn.rnn, matmul)]
    else:
        changes += [(cudnn, "allow_tf32", False), (matmul, "allow_tf32", False)]
    before = [(part, name, getattr(part, name)) for part, name, _ in changes]
    for part, name, value in changes:
        setattr(part, name, value)
    try:
        yield
    finally:
        for part, name, value in before:
            setattr(part, name, value)
        torch.cuda.empty_cache()  # return the memory to other programs


def _explain(error: MemoryError | RuntimeError) -> Exception:
    """Return a FitError if the device or its memory failed, else the error itself."""
    text = str(error).lower()
    if choose_device().type == "cuda" and any(part in text for part in GPU_WORDS):
        return FitError(
            f"Cannot train above the cut: the GPU failed ({_find_first_line(error)}). Set CUDA_VISIBLE_DEVICES= (to "
            "nothing) to train on the cores, or give a higher --cut or a smaller --image-size if it lacks memory."
        )
    if isinstance(error, MemoryError) or "allocate" in text:  # torch has no error class of its own for it
        return FitError(
            "Cannot train above the cut: there is not enough memory. Give a higher --cut or a smaller --image-size."
        )
    return error


def _find_first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")[:MAX_REASON]
