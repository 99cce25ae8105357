"""Set the confidence of a head of training photos alone, by heads that were fitted without each fold of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.head.fold_heads import HeldOutPredictions
from headstart.head.linear import LinearHead
from headstart.head.regularisation import predict_held_out
from headstart.head.temperature import choose_careful_factor
from headstart.methods.head_fitting import FittedHead, is_streamed, prepare_views
from headstart.methods.out_of_fold import MAX_SCORES

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class ConfidentHead:
    """A head after its confidence was set, and the photos that set it.

    Attributes
    ----------
    head
        The head, with its scores multiplied by ``factor``.
    at
        (n,) row numbers of the photos that could be scored; maybe none.
    scores
        (n, C) float32 scores of these photos after the factor, by heads that were fitted without them.
    """

    head: LinearHead
    factor: float
    at: Numbers
    scores: npt.NDArray[np.float32]


def set_confidence_by_folds(
    X: npt.NDArray[np.float32], y: Numbers, fitted: FittedHead, *, seed: int,
    sample_weight: npt.NDArray[np.float64] | None = None, groups: Sequence[str] | None = None,
) -> ConfidentHead:  # fmt: skip
    """Multiply the scores of a logistic head, fitted to (N, D) features, by the factor that calibrates held-out scores.

    If cross-validation chose the strength, its heads score the photos. Otherwise heads are fitted anew, each without a
    fold. If that takes too long, or no photo can be scored, the factor is 1.
    """
    n_classes = len(fitted.head.bias)
    held = None if fitted.choice is None else fitted.choice.held_out
    if held is None and fitted.strength is not None and len(y) * n_classes <= MAX_SCORES and not is_streamed(X):
        held = _fit_folds(X, y, fitted, fitted.strength, seed, sample_weight, groups)
    at = np.flatnonzero(held.fold >= 0) if held is not None else np.empty(0, np.int64)
    if held is None or not len(at):
        return ConfidentHead(head=fitted.head, factor=1.0, at=at, scores=np.empty((0, n_classes), np.float32))
    factor = choose_careful_factor(held.scores[at], y[at])
    return ConfidentHead(
        head=fitted.head.scale(factor), factor=factor, at=at, scores=held.scores[at] * np.float32(factor)
    )


def _fit_folds(
    X: npt.NDArray[np.float32], y: Numbers, fitted: FittedHead, strength: float, seed: int,
    sample_weight: npt.NDArray[np.float64] | None, groups: Sequence[str] | None,
) -> HeldOutPredictions:  # fmt: skip
    prepared, names = prepare_views(
        X[None], y, len(fitted.head.bias), class_weight=fitted.class_weight, sample_weight=sample_weight, groups=groups,
        kind=fitted.kind, standardisation=fitted.standardisation,
    )  # fmt: skip
    (held,) = predict_held_out(prepared, strength=strength, seeds=[seed], groups=names)
    return held
