"""Where training above a cut computes: on an NVIDIA GPU if torch can use one, else on the cores."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

from headstart.cores import count_cores
from headstart.installed import find_version

TUNING_RULES = 3  # counts up when this room gives other weights for the same activations


@cache
def choose_device() -> torch.device:
    """Return the device; ``CUDA_VISIBLE_DEVICES=`` (empty, torch's own) hides every GPU."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a driver that is too old: then there is no GPU for torch
        if not torch.cuda.is_available():
            return torch.device("cpu")
        device = torch.device("cuda", torch.cuda.current_device())
        try:
            torch.ones(1, device=device).add_(1).cpu()
        except RuntimeError:  # a card that this torch was not built for, or one without free memory
            return torch.device("cpu")
    return device


def name_device(device: torch.device) -> str:
    """Return its name for people, and for whatever depends on what computed it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"{count_cores()} cores"


def describe_torch() -> str:
    """Return what decides the bits of a training besides its data and recipe."""
    return f"torch {find_version('torch', 'torch')}, {name_device(choose_device())}, rules {TUNING_RULES}"


@contextmanager
def compute_exactly() -> Iterator[None]:
    """Have the block compute in whole float32 and the same bits each time, on a GPU as on the cores."""
    torch.set_num_threads(count_cores())
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield
