"""What training above a cut would be worth where torch is not installed."""

from __future__ import annotations

from headstart.evaluation.words import format_seconds
from headstart.process.torch_command import name_torch_command
from headstart.training.expectations import Expectation


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
        f"install it{f' ({build})' if build else ''} with: {command}"
    )
