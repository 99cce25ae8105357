"""The expected accuracy of each method on some photos, and its expected duration on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbone.spec import PIXELS_CUT
from headstart.backbone.timing import measure_inference_rate
from headstart.catalog.photo import SPLITS
from headstart.evaluation.intervals import wilson_interval
from headstart.features.similarity import Similarity
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import Settings
from headstart.methods.tail_tuning import choose_cut, choose_hyperparameters, list_tuning_views
from headstart.tune.torch_import import can_tune, limit_spinning

if TYPE_CHECKING:
    from headstart.tune.hyperparameters import Hyperparameters

# Without torch nothing can be timed. One photo then takes this many times as long in training as in inference, both in
# float32. Measured at 160 and 224 px: 1.0 to 1.4 in hybrid; in finetune 6 to 7 with norms as pretrained, and 10 with
# trained ones. Scratch is taken to be as slow as the latter.
TRAINING_TO_INFERENCE = {"hybrid": 1.2, "finetune": 8.0, "scratch": 10.0}
ABOVE_SHARE = 0.3  # of a pass through the whole network: the part above the default cut
FORWARD_SHARE = 1 / 3  # of a training step: the backward pass has two matrix products for one forward
# If the fixed head's error on photos similar to ImageNet is below this, no gain is expected of training more of the
# network: its features were learned on such photos.
FEW_OF_SIMILAR = 0.06
# Share of the fixed head's errors that training above the cut removes: least, expected, most.
NO_GAIN = (-0.3, 0.0, 0.3)
GAIN_OF_SIMILAR = (-0.3, 0.2, 0.6)  # a guess (docs/decisions/0013-advice.md)
GAIN_OF_DISSIMILAR = (-0.1, 0.3, 0.6)  # measured (docs/decisions/0013-advice.md)
# Photos per class. With fewer, the lower stages learn too little: finetune removes about half as many errors as hybrid
# (docs/decisions/0013-advice.md).
LARGE = 2_000
FINETUNE_TO_HYBRID = 0.5
# Training from scratch: its share of the fixed head's gain over guessing, by photos per class. Above 1,000 a guess.
SCRATCH_OF_SIMILAR = ((100, 0.2), (1_000, 0.4), (10_000, 0.8), (100_000, 1.0))
SCRATCH_OF_DISSIMILAR = ((100, 0.6), (1_000, 0.6), (10_000, 0.9), (100_000, 1.0))


@dataclass(frozen=True, slots=True)
class Expectation:
    """The expected result of a method.

    Attributes
    ----------
    expected_accuracy
        Accuracy on new photos, 0 to 1.
    interval
        Range that contains the accuracy about 95 times in 100. For a gain that was not measured here, it is as wide as
        the gains on other data sets.
    expected_seconds
        Duration of a training with an empty cache.
    """

    expected_accuracy: float
    interval: tuple[float, float]
    expected_seconds: float


def expect_accuracy(
    method: str, *, fixed: float, n_judged: int, guess: float, n_per_class: float, similarity: Similarity
) -> tuple[float, tuple[float, float]]:
    """Return the expected accuracy of a method, and its interval.

    Parameters
    ----------
    fixed
        Accuracy of the fixed head on ``n_judged`` photos that it was not fitted to.
    guess
        Accuracy of always predicting the most frequent class.
    """
    low, high = wilson_interval(round(fixed * n_judged), n_judged)
    if method == "fixed":
        return fixed, (low, high)
    if method == "scratch":
        numbers, shares = np.array(SCRATCH_OF_SIMILAR if similarity.is_similar else SCRATCH_OF_DISSIMILAR).T
        share = float(np.interp(np.log10(max(n_per_class, 1)), np.log10(numbers), shares))
        return guess + share * max(0.0, fixed - guess), (min(guess, low), high)
    least, expected, most = _choose_gain(similarity, 1 - fixed)
    if method == "finetune" and n_per_class < LARGE:
        expected *= FINETUNE_TO_HYBRID
    return (1 - (1 - fixed) * (1 - expected), (max(0.0, 1 - (1 - low) * (1 - least)), 1 - (1 - high) * (1 - most)))


def _choose_gain(similarity: Similarity, error: float) -> tuple[float, float, float]:
    if not similarity.is_similar:
        return GAIN_OF_DISSIMILAR
    return NO_GAIN if error < FEW_OF_SIMILAR else GAIN_OF_SIMILAR


def estimate_seconds(runner: MethodRunner, settings: Settings, n_train: int) -> float:
    """Estimate the seconds that a method takes on this machine, from a few steps of it (1 to 5 s)."""
    n_photos, rate = len(runner.catalog.photos), measure_inference_rate(runner.context.setup)
    if settings.method == "fixed":
        return n_photos * settings.n_fixed_views / rate
    cut = choose_cut(settings.method, settings.cut, runner.backbone)
    # below the cut once per view of the photos that are trained or validated on, then the judging
    n_fitted = n_photos - len(runner.catalog.select("test"))
    n_passes = n_fitted * len(list_tuning_views(settings, cut)) + _count_judging(runner, settings, cut)
    return n_passes / rate + _estimate_epochs(
        runner, settings, choose_hyperparameters(settings.method, settings, n_train), n_train
    )


def estimate_retraining_seconds(
    runner: MethodRunner, settings: Settings, hyperparameters: Hyperparameters, n_train: int
) -> float:
    """Estimate the seconds of a training whose activations below the cut are cached."""
    rate, cut = measure_inference_rate(runner.context.setup), choose_cut(settings.method, settings.cut, runner.backbone)
    n_passes = _count_judging(runner, settings, cut)
    return n_passes / rate + _estimate_epochs(runner, settings, hyperparameters, n_train)


def _count_judging(runner: MethodRunner, settings: Settings, cut: str) -> float:
    """Return the number of passes through the whole network that judge the photos, or that take as long.

    Training photos are judged as they are, the others in all views. Above a cut, views that were trained or validated
    on pass only the part above it.
    """
    n_train, n_validation, n_test = (len(runner.catalog.select(split)) for split in SPLITS)
    n_known = min(settings.n_averaged, len(list_tuning_views(settings, cut)))
    n_short = n_train + n_known * n_validation
    n_whole = settings.n_averaged * n_test + (settings.n_averaged - n_known) * n_validation
    return n_whole + n_short * (1.0 if cut == PIXELS_CUT else ABOVE_SHARE)


def _estimate_epochs(runner: MethodRunner, settings: Settings, hyperparameters: Hyperparameters, n_train: int) -> float:
    # the validation photos are predicted after every epoch
    n_steps = n_train * hyperparameters.mean_area  # in photos of the usual size
    n_trained = hyperparameters.epochs * (n_steps + len(runner.catalog.select("validation")) * FORWARD_SHARE)
    if not can_tune():
        in_float32 = measure_inference_rate(replace(runner.context.setup, precision="f32"))
        return n_trained * TRAINING_TO_INFERENCE[settings.method] / in_float32
    limit_spinning()
    from headstart.tune.throughput import measure_training_rate

    cut = choose_cut(settings.method, settings.cut, runner.backbone)
    return n_trained / measure_training_rate(runner.backbone, cut, runner.context.setup.image_size, hyperparameters)
