"""Fit a head to features: which weights, which strength, which solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError
from headstart.head.class_weights import SKEW, balanced_weights, is_skewed
from headstart.head.history import Epoch
from headstart.head.linear import LinearHead
from headstart.head.logistic import fit_logistic
from headstart.head.prepared_rows import PreparedRows, prepare_rows
from headstart.head.regularisation import StrengthChoice, choose_strength

HEADS = ("logistic", "adam")
CLASS_WEIGHTS = ("auto", "balanced", "none")
# Dividing by standard deviations makes the features that hardly vary the loudest: none is divided by less than half the
# median one. docs/decisions/0014-standard-deviations-have-a-floor.md
FLOOR = 0.5
STREAMED_BYTES = 2 << 30  # of features: two copies of more would no longer fit into a laptop's memory
Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FittedHead:
    """A head and how it came about.

    Attributes
    ----------
    choice
        How the regularisation strength was chosen; None for ``adam`` and for a strength that was given.
    strength
        The inverse regularisation strength C; None for ``adam``.
    class_weight
        (C,) float64, or None where all classes weigh the same.
    is_converged
        Whether the solver reached the optimum; ``adam`` has none to reach.
    """

    head: LinearHead
    history: tuple[Epoch, ...]
    strength: float | None
    choice: StrengthChoice | None
    class_weight: npt.NDArray[np.float64] | None
    is_converged: bool = True


def weigh_classes(
    y: Numbers,
    n_classes: int,
    rule: str = "auto",
    sample_weight: npt.NDArray[np.float64] | None = None,
    *,
    skew: float = SKEW,
) -> npt.NDArray[np.float64] | None:
    """Return (C,) class weights: balanced if ``rule`` says so, or for ``auto`` where classes are so much skewed."""
    if rule not in CLASS_WEIGHTS:
        raise FitError(f"Cannot weigh classes by {rule!r}: need one of {', '.join(CLASS_WEIGHTS)}.")
    has_rows, counts = np.bincount(y, minlength=n_classes) > 0, np.bincount(y, sample_weight, n_classes) > 0
    if rule == "balanced" or (rule == "auto" and (has_rows == counts).all() and is_skewed(y, n_classes, skew)):
        return balanced_weights(y, n_classes, sample_weight)
    return None


def fit_head(
    views: Matrix,
    y: Numbers,
    n_classes: int,
    *,
    kind: str = "logistic",
    seed: int = 0,
    strength: float | None = None,
    class_weight: str = "auto",
    sample_weight: npt.NDArray[np.float64] | None = None,
    groups: Sequence[str] | None = None,
    validation: tuple[Matrix, Numbers] | None = None,
    epochs: int = 10,
) -> FittedHead:
    """Fit a head to the features of N training photos in V views.

    Parameters
    ----------
    views
        (V, N, D) float32.
    y
        (N,) class numbers.
    kind
        ``logistic``, converged and with a strength chosen by cross-validation inside these photos, or ``adam``, the
        tutorial's recipe, one view an epoch.
    strength
        Inverse regularisation strength C of ``logistic``; None chooses it.
    groups
        (N,) names; photos of one group never stand on both sides of a fold.
    validation
        Features (M, D) and class numbers (M,) that are only watched, never fitted to.
    """
    weights = weigh_classes(y, n_classes, class_weight, sample_weight)
    if kind == "adam":
        from headstart.head.adam import fit_adam

        adam = fit_adam(
            views, y, n_classes=n_classes, seed=seed, epochs=epochs,
            sample_weight=sample_weight, class_weight=weights, validation=validation,
        )  # fmt: skip
        return FittedHead(adam.head, adam.history, None, None, weights)
    if kind != "logistic":
        raise FitError(f"Cannot fit a head of kind {kind!r}: need one of {', '.join(HEADS)}.")

    if is_streamed(views):
        return _fit_streamed(views, y, n_classes, seed, strength, weights, sample_weight, groups, validation)
    prepared, row_groups = prepare_views(
        views, y, n_classes, class_weight=weights, sample_weight=sample_weight, groups=groups
    )
    choice = None
    if strength is None:
        choice = choose_strength(prepared, seed=seed, groups=row_groups)
        strength = choice.strength
    fit = fit_logistic(prepared, strength=strength, validation=validation)
    return FittedHead(fit.head, fit.history, strength, choice, weights, fit.is_converged)


def is_streamed(views: Matrix) -> bool:
    """Say whether features are so many that a head is fitted in passes over them, and not cross-validated."""
    return views.nbytes >= STREAMED_BYTES


def _fit_streamed(
    views: Matrix, y: Numbers, n_classes: int, seed: int, strength: float | None,
    class_weight: npt.NDArray[np.float64] | None, sample_weight: npt.NDArray[np.float64] | None,
    groups: Sequence[str] | None, validation: tuple[Matrix, Numbers] | None,
) -> FittedHead:  # fmt: skip
    from headstart.head.feature_blocks import RowBlocks
    from headstart.head.streamed_logistic import fit_streamed

    row_weight, row_groups = _spread_over_views(len(views), y, sample_weight, groups)
    fit = fit_streamed(
        RowBlocks(views.reshape(-1, views.shape[-1])), np.tile(y, len(views)), n_classes=n_classes, strength=strength,
        seed=seed, class_weight=class_weight, sample_weight=row_weight, floor=FLOOR, groups=row_groups,
        validation=None if validation is None else (RowBlocks(validation[0]), validation[1]),
    )  # fmt: skip
    return FittedHead(fit.head, fit.history, fit.strength, fit.choice, class_weight, fit.is_converged)


def prepare_views(
    views: Matrix,
    y: Numbers,
    n_classes: int,
    *,
    class_weight: npt.NDArray[np.float64] | None,
    sample_weight: npt.NDArray[np.float64] | None,
    groups: Sequence[str] | None,
    floor: float = FLOOR,
) -> tuple[PreparedRows, npt.NDArray[np.str_] | None]:
    """Prepare V views of N photos as rows, one view after the other, and return them with the group of each row.

    The views of a photo share its weight, and a fold has all of them or none; ``floor`` is that of `prepare_rows`.
    """
    row_weight, row_groups = _spread_over_views(len(views), y, sample_weight, groups)
    prepared = prepare_rows(
        views.reshape(-1, views.shape[-1]), np.tile(y, len(views)), n_classes=n_classes,
        sample_weight=row_weight, class_weight=class_weight, floor=floor,
    )  # fmt: skip
    return prepared, row_groups


def _spread_over_views(
    n_views: int, y: Numbers, sample_weight: npt.NDArray[np.float64] | None, groups: Sequence[str] | None
) -> tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.str_] | None]:
    """Return the weight and the group of each row of so many views; None where all are alike, or alone."""
    per_row = np.tile(np.ones(len(y)) if sample_weight is None else sample_weight, n_views) / n_views
    row_groups = None
    if groups is not None or n_views > 1:
        row_groups = np.array((list(groups) if groups is not None else [str(n) for n in range(len(y))]) * n_views)
    return (None if sample_weight is None and n_views == 1 else per_row), row_groups
