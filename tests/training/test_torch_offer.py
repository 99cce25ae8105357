"""What is said of a method that needs torch, where torch is not installed."""

import pytest

from headstart.training import torch_offer
from headstart.training.expectations import Expectation
from headstart.training.torch_offer import name_torch_command, offer_torch

CPU = "pip install uv && python -m uv pip install --torch-backend=cpu 'headstart[tune]'"
STOCK = "pip install 'headstart[tune]'"


@pytest.fixture
def set_machine(monkeypatch):
    """Set the operating system, and whether there is a driver for NVIDIA GPUs."""

    def set_machine(system, has_driver):
        monkeypatch.setattr(torch_offer.platform, "system", lambda: system)
        monkeypatch.setattr(torch_offer, "has_nvidia_driver", lambda: has_driver)

    return set_machine


@pytest.mark.parametrize(
    ("system", "has_driver", "command", "build"),
    [
        ("Linux", False, CPU, " (the CPU build, 0.9 GB)"), ("Linux", True, STOCK, " (the build for GPUs, 5.5 GB)"),
        ("Darwin", False, STOCK, ""), ("Windows", False, STOCK, ""), ("Windows", True, STOCK, ""),
    ],
)  # fmt: skip
def test_the_command_suits_the_machine(set_machine, system, has_driver, command, build):
    set_machine(system, has_driver)
    assert name_torch_command() == (command, build)


def test_the_offer_has_gain_time_and_command(set_machine):
    set_machine("Linux", False)
    assert offer_torch("hybrid", Expectation(0.877, (0.8, 0.93), 94.4), accuracy=0.824) == (
        "hybrid training should be right on about 87.7% of new photos (80.0% to 93.0%), against 82.4% without it, and "
        f"take about 94 s here, but torch is not installed; install it (the CPU build, 0.9 GB) with: {CPU}"
    )
