"""What training above a cut would be worth where torch is not installed, and the command that installs torch."""

from __future__ import annotations

import platform

from headstart.evaluation.words import format_seconds
from headstart.process.nvidia import has_nvidia_driver
from headstart.training.expectations import Expectation

EXTRA = "'headstart[tune]'"  # in quotes for shells that expand brackets
CPU_BUILD_GB, CUDA_BUILD_GB = 0.9, 5.5  # of disk, beside the core (the README has both sizes with the core)


def name_torch_command() -> tuple[str, str]:
    """Return the command that installs torch for this machine, and what it installs, in brackets, or an empty text.

    Wheels of torch on PyPI for Windows and macOS are CPU builds; those for Linux need CUDA's libraries. For Linux
    without an NVIDIA GPU the command uses uv, because an option of uv names PyTorch's CPU builds without an address.
    """
    if platform.system() != "Linux":
        return f"pip install {EXTRA}", ""
    if has_nvidia_driver():
        return f"pip install {EXTRA}", f" (the build for GPUs, {CUDA_BUILD_GB} GB)"
    # as a module, uv installs into the environment of its Python, active or not
    command = f"pip install uv && python -m uv pip install --torch-backend=cpu {EXTRA}"
    return command, f" (the CPU build, {CPU_BUILD_GB} GB)"


def offer_torch(method: str, expected: Expectation, *, accuracy: float) -> str:
    """Return what a method would be worth on these photos, how long it takes here, and how to install torch.

    Parameters
    ----------
    accuracy
        Accuracy of the best method so far on photos that it was not fitted to, 0 to 1.

    Examples
    --------
    >>> print(offer_torch("hybrid", Expectation(0.877, (0.8, 0.93), 170.0), accuracy=0.824).partition("; install")[0])
    hybrid training should be right on about 87.7% of new photos (80.0% to 93.0%), against 82.4% without it, and take
    about 3 min here, but torch is not installed
    """
    low, high = expected.interval
    command, build = name_torch_command()
    duration = format_seconds(expected.expected_seconds, is_estimate=True)
    return (
        f"{method} training should be right on about {expected.expected_accuracy:.1%} of new photos ({low:.1%} to "
        f"{high:.1%}), against {accuracy:.1%} without it, and take about {duration} here, but torch is not installed; "
        f"install it{build} with: {command}"
    )
