"""Judge a trained classifier by photos that its head was fitted without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headstart.features.near_copy_groups import NearCopies
from headstart.methods.elsewhere import judge_elsewhere
from headstart.methods.held_out_scores import OutOfFold
from headstart.methods.nested_cross_validation import cross_validate_nested
from headstart.methods.trained_method import TrainedMethod
from headstart.process.progress import Progress


@dataclass(frozen=True, eq=False)
class Judgement:
    """What `judge_trained` found.

    Attributes
    ----------
    metrics
        The parts of metrics.json that judge heads like the trained one, by their keys.
    held
        Scores of the photos of all splits by heads that were fitted without them; None without cross-validation.
    """

    metrics: dict[str, Any]
    held: OutOfFold | None


def judge_trained(trained: TrainedMethod, near_copies: NearCopies | None, progress: Progress) -> Judgement:
    """Judge heads like the trained one by cross-validation, and on groups that they have not seen."""
    nested = cross_validate_nested(trained, progress)
    elsewhere = judge_elsewhere(trained, () if near_copies is None else near_copies.pairs, progress)
    metrics = {"cross_validation": None if nested is None else nested.measures, "elsewhere": elsewhere}
    return Judgement(metrics, None if nested is None else nested.held)
