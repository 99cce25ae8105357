"""What ``auto`` measures before it decides."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.features.similarity import Similarity, measure_similarity
from headstart.head.regularisation import StrengthChoice
from headstart.methods.feature_table import FeatureTable
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod
from headstart.process.progress import show_progress
from headstart.training.expectations import estimate_retraining_seconds, estimate_seconds
from headstart.training.side_by_side import can_try_side_by_side, find_runner
from headstart.training.trials import (
    IsRight,
    ValidationResult,
    judge_by_cross_validation,
    judge_held_out,
    judge_on_validation,
)
from headstart.tune.torch_import import can_tune

if TYPE_CHECKING:
    from headstart.tune.hyperparameters import Hyperparameters


def compare_with_imagenet(runner: MethodRunner) -> Similarity:
    """Measure how similar the training photos are to ImageNet."""
    with show_progress("Comparing with ImageNet", is_shown=runner.context.verbose) as progress:
        depth = runner.context.setup.depth
        return measure_similarity(runner.catalog.select("train"), runner.backbone, depth=depth, progress=progress)


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """The functions by which ``auto`` measures. Tests of its decisions replace them.

    Attributes
    ----------
    cross_validate, validate, judge_held_out, compare_with_imagenet, estimate_seconds, estimate_retraining_seconds
        As the functions that are their defaults.
    can_tune, can_try_side_by_side, find_runner
        As the functions that are their defaults.
    read_clock
        Function that returns the time in seconds.
    """

    cross_validate: Callable[[FeatureTable, Settings, StrengthChoice | None], IsRight] = judge_by_cross_validation
    validate: Callable[[TrainedMethod], ValidationResult] = judge_on_validation
    judge_held_out: Callable[[TrainedMethod], ValidationResult] = judge_held_out
    compare_with_imagenet: Callable[[MethodRunner], Similarity] = compare_with_imagenet
    estimate_seconds: Callable[[MethodRunner, Settings, int], float] = estimate_seconds
    estimate_retraining_seconds: Callable[[MethodRunner, Settings, Hyperparameters, int], float] = (
        estimate_retraining_seconds
    )
    can_tune: Callable[[], bool] = can_tune
    can_try_side_by_side: Callable[[MethodRunner, Settings], bool] = can_try_side_by_side
    find_runner: Callable[[MethodRunner, Settings, Settings], MethodRunner] = find_runner
    read_clock: Callable[[], float] = time.perf_counter
