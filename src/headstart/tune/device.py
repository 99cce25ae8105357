"""Where training above a cut computes: on an NVIDIA GPU if torch can use one, else on the cores."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812  torch's own habit

from headstart.errors import DeviceWarning, FitError
from headstart.process.cores import count_cores
from headstart.process.packages import find_version

TUNING_RULES = 3  # counts up when this room gives other weights for the same activations
# parts of the messages that CUDA's libraries fail with; torch has no error of its own for most
OF_GPU = ("cuda", "cudnn", "cublas", "unable to find an engine")

MAX_REASON = 120  # characters


@cache
def choose_device() -> torch.device:
    """Return the device; ``CUDA_VISIBLE_DEVICES=`` (empty, torch's own) hides every GPU.

    Warns if there is a GPU that cannot compute.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a driver that is too old: then there is no GPU for torch
        if not torch.cuda.is_available():
            return torch.device("cpu")
    try:
        device = torch.device("cuda", torch.cuda.current_device())
        _try_out(device)
    except Exception as error:  # of drivers, cards, libraries and forked processes, each of its own kind
        reason = _find_first_line(error)
        warnings.warn(
            f"The GPU cannot be used ({reason}): training computes on the cores.", DeviceWarning, stacklevel=2
        )
        return torch.device("cpu")
    return device


if hasattr(os, "register_at_fork"):  # CUDA cannot be used in a child of a process that has used it
    os.register_at_fork(after_in_child=choose_device.cache_clear)


def _try_out(device: torch.device) -> None:
    """Use each of the libraries that training needs."""
    kernel = torch.ones((4, 4, 3, 3), device=device, requires_grad=True)
    x = F.conv2d(torch.ones((2, 4, 8, 8), device=device), kernel).mean((2, 3))
    torch.autograd.backward((x @ x.T).sum())
    torch.cuda.synchronize(device)


def name_device(device: torch.device) -> str:
    """Return its name for people, and for whatever depends on what computed it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{count_cores()} core{'s' if count_cores() != 1 else ''}"


def describe_torch() -> str:
    """Return what decides the bits of a training besides its data and hyperparameters."""
    return f"torch {find_version('torch', 'torch')}, {name_device(choose_device())}, rules {TUNING_RULES}"


@contextmanager
def compute_exactly() -> Iterator[None]:
    """Have the block compute in whole float32 and the same bits each time, on a GPU as on the cores.

    Raises
    ------
    FitError
        If memory does not suffice, or a GPU fails.
    """
    torch.set_num_threads(count_cores())
    try:
        if choose_device().type == "cuda":
            with _keep_float32_whole():
                yield
        else:
            yield
    except (MemoryError, RuntimeError) as error:
        raise _explain(error) from None


@contextmanager
def _keep_float32_whole() -> Iterator[None]:
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
        torch.cuda.empty_cache()  # for other programs


def _explain(error: MemoryError | RuntimeError) -> Exception:
    """Return it as an error for the user, if it is one."""
    text = str(error).lower()
    if choose_device().type == "cuda" and any(part in text for part in OF_GPU):
        return FitError(
            f"Cannot train above the cut: the GPU failed ({_find_first_line(error)}). Set CUDA_VISIBLE_DEVICES= (to "
            "nothing) to train on the cores, or give a higher --cut or a smaller --image-size if it lacks memory."
        )
    if isinstance(error, MemoryError) or "allocate" in text:  # torch has no error of its own for it
        return FitError(
            "Cannot train above the cut: there is not enough memory. Give a higher --cut or a smaller --image-size."
        )
    return error


def _find_first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")[:MAX_REASON]
