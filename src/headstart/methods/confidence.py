"""Set the confidence of a head right: multiply its scores by the factor that calibrates scores of held-out photos."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from headstart.evaluation.calibration import bin_confidence
from headstart.head.linear import softmax
from headstart.head.temperature import choose_careful_factor, compute_log_losses
from headstart.methods.held_out_scores import OutOfFold
from headstart.methods.out_of_fold import predict_out_of_fold
from headstart.methods.trained_method import TrainedMethod
from headstart.process.progress import Progress, ignore_progress


def set_confidence(trained: TrainedMethod, progress: Progress = ignore_progress) -> TrainedMethod:
    """Multiply the scores of the heads of ``fixed`` by the factor that calibrates out-of-fold scores.

    No answer changes: the factor is above 0, so the order of the classes stays. Without held-out photos, and above a
    cut, where training has chosen a factor by the validation photos, the result is unchanged.

    Returns
    -------
    The training with ``confidence`` (plain JSON types: ``factor``, ``n``, ``loss_before``, ``loss_after``,
    ``calibration_error_before`` and ``calibration_error_after``, the last four on the out-of-fold scores) and with
    ``held_out``, the out-of-fold scores after the factor.
    """
    if trained.tuned is not None:
        return trained
    held = predict_out_of_fold(trained, progress)
    if held is None:
        return trained
    factor = choose_careful_factor(held.scores, held.y)
    scaled = replace(held, scores=held.scores * np.float32(factor))
    record = {"factor": factor, "n": len(held.y), "is_validation": held.is_validation}
    return replace(
        trained, fitted=replace(trained.fitted, head=trained.fitted.head.scale(factor)),
        final=None if trained.final is None else trained.final.scale(factor),
        confidence=record | _measure(held, "before") | _measure(scaled, "after"), held_out=scaled,
    )  # fmt: skip


def _measure(held: OutOfFold, when: str) -> dict[str, Any]:
    top = softmax(held.scores.astype(np.float64)).max(axis=1)
    error, _ = bin_confidence(top, held.scores.argmax(axis=1) == held.y, np.ones(len(held.y)))
    loss = float(compute_log_losses(held.scores, held.y).mean())
    return {f"loss_{when}": loss, f"calibration_error_{when}": error}
