"""What the steps of ``auto`` share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from headstart.catalog.catalog import Catalog
from headstart.evaluation.words import format_seconds
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod
from headstart.training.auto_record import AutoRecord
from headstart.training.measurements import Measurements

if TYPE_CHECKING:
    from headstart.tune.hyperparameters import Hyperparameters

format_estimate = partial(format_seconds, is_estimate=True)

N_AVERAGED = 4  # symmetric views


@dataclass(frozen=True)
class RetrainingPlan:
    """How to train again on all training photos: for all epochs, as there are no validation photos to choose one."""

    settings: Settings
    hyperparameters: Hyperparameters
    is_averaged: bool


@dataclass(eq=False, kw_only=True)
class SearchState:
    """What the steps of one search share, and what it has found so far.

    Attributes
    ----------
    runner
        Runs methods with the network that the search starts with.
    catalog
        Its photos, without those that cannot be decoded.
    settings
        Settings of ``fixed``.
    epochs
        Number of epochs above a cut; None: the method's default.
    best
        The best method so far.
    fixed
        The best of the frozen network, if what was then trained above a cut is not better by more than noise. None: it
        is, or nothing was.
    retraining
        How to train the best again on all training photos. None: there is no need.
    is_symmetric
        Whether averaging over symmetric views is not worse by more than noise.
    """

    runner: MethodRunner
    catalog: Catalog
    settings: Settings
    epochs: int | None
    say: Callable[[str], None]
    measure: Measurements
    record: AutoRecord
    best: TrainedMethod
    fixed: TrainedMethod | None = None
    retraining: RetrainingPlan | None = None
    is_symmetric: bool = False
