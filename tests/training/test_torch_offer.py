"""What is said of a method that needs torch, where torch is not installed."""

import pytest

from headstart.training import torch_offer
from headstart.training.expectations import Expectation
from headstart.training.torch_offer import offer_torch


@pytest.mark.parametrize(
    ("build", "words"), [("with torch's CPU build, 0.9 GB", "it (with torch's CPU build, 0.9 GB)"), ("", "it")]
)
def test_the_offer_has_gain_time_and_command(monkeypatch, build, words):
    monkeypatch.setattr(torch_offer, "name_torch_command", lambda: ("pip install 'headstart[tune]'", build))
    assert offer_torch("hybrid", Expectation(0.877, (0.8, 0.93), 94.4), accuracy=0.824) == (
        "hybrid training should be right on about 87.7% of new photos (80.0% to 93.0%), against 82.4% without it, and "
        f"take about 94 s here, but torch is not installed; install {words} with: pip install 'headstart[tune]'"
    )
