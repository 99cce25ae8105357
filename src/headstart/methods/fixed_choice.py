"""The choice of features and head of ``fixed`` by cross-validation, on one extraction."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.temperature import choose_careful_factor, compute_log_losses
from headstart.methods.feature_table import FeatureTable
from headstart.methods.head_fitting import FittedHead
from headstart.methods.settings import Settings
from headstart.methods.table_head import fit_head_to_table

FEW_ERRORS = 0.025  # share of held-out photos; with less, nothing slower can be better by more than noise
N_ERRORS = 1.0  # standard errors by which the loss of a slower candidate must be lower


@dataclass(frozen=True, eq=False)
class Candidate:
    """Features and a kind of head that were tried, and what cross-validation says of them.

    Attributes
    ----------
    settings
        Settings with these features and this head.
    fitted
        The head, fitted to the training photos.
    losses, is_right
        (n,) log loss in nats, after the confidence is set, of each training photo by a head that was fitted without it,
        and whether that head is right. Empty: no photo could be held out.
    units
        (n,) numbers of the groups of these photos: photos of one group are not independent.
    seconds
        Duration, with extraction.
    """

    settings: Settings
    fitted: FittedHead
    losses: npt.NDArray[np.float64]
    is_right: npt.NDArray[np.bool_]
    units: npt.NDArray[np.int64]
    seconds: float

    @property
    def has_few_errors(self) -> bool:
        """Whether so few held-out photos are wrong, or none could be held out, that nothing else needs to be tried."""
        return not len(self.is_right) or 1 - float(self.is_right.mean()) < FEW_ERRORS

    def is_better_than(self, other: Candidate) -> bool:
        """Say whether the mean loss is lower than that of another candidate, by more than noise."""
        if len(self.losses) != len(other.losses):
            return False
        gain = other.losses - self.losses
        # of independent photos this is the usual standard error of a mean; see Liang and Zeger 1986 for groups
        by_unit = np.bincount(self.units, gain - gain.mean()) if len(gain) else np.empty(0)
        if len(by_unit) < 2:
            return False
        error = math.sqrt(len(by_unit) / (len(by_unit) - 1) * float(by_unit @ by_unit)) / len(gain)
        return bool(gain.mean() > N_ERRORS * error)

    def to_dict(self, *, is_kept: bool) -> dict[str, Any]:
        """Return the record for metrics.json in plain JSON types."""
        has_losses = bool(len(self.losses))
        return {
            "features": self.settings.features, "head": self.settings.head,
            "accuracy": float(self.is_right.mean()) if has_losses else None,
            "loss": float(self.losses.mean()) if has_losses else None, "n": len(self.losses),
            "seconds": round(self.seconds, 3), "is_kept": is_kept,
        }  # fmt: skip


def list_candidates(settings: Settings, widest: str) -> list[Settings]:
    """Return the settings to compare, the simplest first.

    Parameters
    ----------
    widest
        The widest features to compare: ``last``, ``all`` or ``wide``.

    Examples
    --------
    >>> [(one.features, one.head) for one in list_candidates(Settings(method="fixed"), "wide")]
    [('last', 'logistic'), ('wide', 'logistic+ridge')]
    """
    first = "last" if settings.features == "auto" else settings.features
    heads = ("logistic", "logistic+ridge") if settings.head == "auto" else (settings.head, settings.head)
    pairs = dict.fromkeys(zip((first, widest), heads, strict=True))
    return [replace(settings, features=features, head=head) for features, head in pairs]


def judge_candidate(table: FeatureTable, settings: Settings, fitted: FittedHead, started: float) -> Candidate:
    """Return a candidate with the losses of the heads that chose its strength; ``started`` is a time.perf_counter."""
    train, held = table.splits["train"], None if fitted.choice is None else fitted.choice.held_out
    y, losses, is_right, units = train.y, np.empty(0), np.empty(0, bool), np.empty(0, np.int64)
    if held is not None:
        scores = held.scores.reshape(-1, len(y), held.scores.shape[1])[: table.n_averaged].mean(axis=0)
        at = np.flatnonzero(held.fold[: len(y)] >= 0)
        if len(at):
            scores = scores[at] * np.float32(choose_careful_factor(scores[at], y[at]))
            losses, is_right = compute_log_losses(scores, y[at]), scores.argmax(axis=1) == y[at]
            names = np.arange(len(y)) if train.groups is None else np.asarray(train.groups)
            units = np.unique(names[at], return_inverse=True)[1]
    return Candidate(settings, fitted, losses, is_right, units, time.perf_counter() - started)


@dataclass(frozen=True, eq=False)
class FixedChoice:
    """What was compared, the candidate that is kept, and the table of its features."""

    tried: tuple[Candidate, ...]
    kept: Candidate
    table: FeatureTable

    def to_records(self) -> tuple[dict[str, Any], ...]:
        """Return a record for metrics.json of each candidate, in plain JSON types."""
        return tuple(one.to_dict(is_kept=one is self.kept) for one in self.tried)


def choose_fixed(
    settings: Settings, widest: str, extract: Callable[[Settings], FeatureTable], *, is_shown: bool = False
) -> FixedChoice:
    """Fit a head to each of the features and heads that the settings allow, and keep the best by cross-validation.

    A slower candidate must have a lower loss by more than noise. If the first has few errors, no other is tried.

    Parameters
    ----------
    widest
        The widest features to compare.
    extract
        Function that returns the table with the features of the given settings.
    """
    tried: list[Candidate] = []
    kept: tuple[Candidate, FeatureTable] | None = None
    for chosen in list_candidates(settings, widest):
        started = time.perf_counter()
        table = extract(chosen)
        fitted = fit_head_to_table(table, chosen, is_shown=is_shown)
        tried.append(judge_candidate(table, chosen, fitted, started))
        if kept is None or tried[-1].is_better_than(kept[0]):
            kept = tried[-1], table
        if tried[-1].has_few_errors:
            break
    assert kept is not None  # noqa: S101  for the type checker: there is always a candidate
    return FixedChoice(tuple(tried), *kept)
