"""Fit a head to features: choose the class weights, the regularisation strength and the solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError
from headstart.head.class_weights import SKEW, balanced_weights, is_skewed
from headstart.head.history import Epoch
from headstart.head.linear import LinearHead
from headstart.head.logistic import fit_logistic
from headstart.head.reduction import reduce_rows
from headstart.head.regularisation import StrengthChoice, choose_strength
from headstart.head.standardise import Standardisation
from headstart.head.training_rows import PreparedRows, prepare_rows
from headstart.process.progress import show_progress

HEADS = ("logistic", "logistic+ridge", "adam")
CLASS_WEIGHTS = ("auto", "balanced", "none")
# Features are divided by their standard deviations, but by no less than this share of the median one. Otherwise the
# features that hardly vary would dominate. docs/decisions/0014-standard-deviations-have-a-floor.md
FLOOR = 0.5
STREAMED_BYTES = 2 << 30  # of features: two copies of more do not fit into a laptop's memory
Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FittedHead:
    """A head and how it was fitted.

    Attributes
    ----------
    kind
        One of `HEADS`; ``linear`` for a head that was trained with layers below it.
    standardisation
        The principal components of ``logistic+ridge``: other fits of the same training take them over.
    strength
        Inverse regularisation strength C, or None for a head that has none.
    choice
        Cross-validation that chose the strength, or None if the strength was given.
    class_weight
        (C,) class weights, or None if all are equal.
    is_converged
        Whether the solver reached its optimum.
    """

    head: LinearHead
    history: tuple[Epoch, ...]
    strength: float | None = None
    choice: StrengthChoice | None = None
    class_weight: Weights | None
    is_converged: bool = True
    kind: str = "logistic"
    standardisation: Standardisation | None = None

    @property
    def class_weight_rule(self) -> str:
        """``balanced`` or ``none``: what ``auto`` decided, so that other fits of the same training follow it."""
        return "none" if self.class_weight is None else "balanced"


def weigh_classes(
    y: Numbers, n_classes: int, rule: str = "auto", sample_weight: Weights | None = None, *, skew: float = SKEW,
) -> Weights | None:  # fmt: skip
    """Return (C,) balanced class weights, or None for equal ones.

    The rule ``auto`` balances if the sizes of the classes differ by more than the factor ``skew``.
    """
    if rule not in CLASS_WEIGHTS:
        raise FitError(f"Cannot weigh classes by {rule!r}: need one of {', '.join(CLASS_WEIGHTS)}.")
    has_rows, counts = np.bincount(y, minlength=n_classes) > 0, np.bincount(y, sample_weight, n_classes) > 0
    if rule == "balanced" or (rule == "auto" and (has_rows == counts).all() and is_skewed(y, n_classes, skew)):
        return balanced_weights(y, n_classes, sample_weight)
    return None


def fit_head(
    views: Matrix, y: Numbers, n_classes: int, *, kind: str = "logistic", seed: int = 0, strength: float | None = None,
    class_weight: str = "auto", sample_weight: Weights | None = None, groups: Sequence[str] | None = None,
    standardisation: Standardisation | None = None, validation: tuple[Matrix, Numbers] | None = None, epochs: int = 10,
    is_shown: bool = False,
) -> FittedHead:  # fmt: skip
    """Fit a head to the features of N training photos, V views of each.

    Parameters
    ----------
    views
        (V, N, D) float32 features.
    y
        (N,) class numbers.
    kind
        ``logistic``: logistic regression, fitted until it converges. ``logistic+ridge``: the mean of that and of ridge
        regression, both on the principal components of the features. ``adam``: the recipe of the Keras tutorial, which
        takes one view per epoch.
    strength
        Inverse regularisation strength C of logistic regression. Default: chosen by cross-validation on these photos.
    groups
        (N,) names of groups. The photos of one group are in the same fold.
    standardisation
        That of an earlier fit of ``logistic+ridge``. Default: it is measured on these photos.
    validation
        Features (M, D) and class numbers (M,) for the history. The head is not fitted to them.
    is_shown
        Whether progress is shown on stderr.
    """
    weights = weigh_classes(y, n_classes, class_weight, sample_weight)
    if kind == "adam":
        from headstart.head.adam import fit_adam

        adam = fit_adam(
            views, y, n_classes=n_classes, seed=seed, epochs=epochs,
            sample_weight=sample_weight, class_weight=weights, validation=validation,
        )  # fmt: skip
        return FittedHead(head=adam.head, history=adam.history, class_weight=weights, kind=kind)
    if kind not in HEADS:
        raise FitError(f"Cannot fit a head of kind {kind!r}: need one of {', '.join(HEADS)}.")

    if is_streamed(views):
        if kind != "logistic":
            raise FitError(
                f"Cannot fit a head of kind {kind!r}: got {views.nbytes / 1e9:.1f} GB of features, need less than "
                f"{STREAMED_BYTES / 1e9:.1f} GB. Give --head logistic."
            )
        return _fit_streamed(
            views, y, n_classes, seed=seed, strength=strength, class_weight=weights, sample_weight=sample_weight,
            groups=groups, validation=validation,
        )  # fmt: skip
    prepared, row_groups = prepare_views(
        views, y, n_classes, class_weight=weights, sample_weight=sample_weight, groups=groups, kind=kind,
        standardisation=standardisation,
    )  # fmt: skip
    choice = None
    if strength is None:
        with show_progress("Choosing the strength", is_shown=is_shown, unit="strengths") as progress:
            choice = choose_strength(prepared, seed=seed, groups=row_groups, progress=progress)
        strength = choice.strength
    with show_progress("Fitting the head", is_shown=is_shown, unit="percent") as progress:
        fit = fit_logistic(prepared, strength=strength, validation=validation, progress=progress)
    return FittedHead(
        head=fit.head, history=fit.history, strength=strength, choice=choice, class_weight=weights,
        is_converged=fit.is_converged, kind=kind,
        standardisation=prepared.standardisation if kind == "logistic+ridge" else None,
    )  # fmt: skip


def is_streamed(views: Matrix) -> bool:
    """Say whether features are too large for memory: a head is then fitted in passes over them."""
    return views.nbytes >= STREAMED_BYTES


def _fit_streamed(
    views: Matrix, y: Numbers, n_classes: int, *, seed: int, strength: float | None, class_weight: Weights | None,
    sample_weight: Weights | None, groups: Sequence[str] | None, validation: tuple[Matrix, Numbers] | None,
) -> FittedHead:  # fmt: skip
    """Fit a logistic head as `fit_head` does, but in passes over the features."""
    from headstart.head.feature_blocks import RowBlocks
    from headstart.head.streamed_logistic import fit_streamed

    row_weight, row_groups = _spread_over_views(len(views), y, sample_weight, groups)
    fit = fit_streamed(
        RowBlocks(views.reshape(-1, views.shape[-1])), np.tile(y, len(views)), n_classes=n_classes, strength=strength,
        seed=seed, class_weight=class_weight, sample_weight=row_weight, floor=FLOOR, groups=row_groups,
        validation=None if validation is None else (RowBlocks(validation[0]), validation[1]),
    )  # fmt: skip
    return FittedHead(
        head=fit.head, history=fit.history, strength=fit.strength, choice=fit.choice, class_weight=class_weight,
        is_converged=fit.is_converged,
    )  # fmt: skip


def prepare_views(
    views: Matrix, y: Numbers, n_classes: int, *, class_weight: Weights | None, sample_weight: Weights | None,
    groups: Sequence[str] | None, kind: str = "logistic", standardisation: Standardisation | None = None,
    floor: float = FLOOR,
) -> tuple[PreparedRows, npt.NDArray[np.str_] | None]:  # fmt: skip
    """Prepare V views of N photos as V x N rows, view after view. Return them with the group of each row.

    The views of a photo share its weight and its group, so that one fold has all of them. ``kind`` is the kind of the
    head that is fitted to the rows; ``standardisation`` and ``floor`` are as in `prepare_rows`.
    """
    row_weight, row_groups = _spread_over_views(len(views), y, sample_weight, groups)
    prepared = prepare_rows(
        views.reshape(-1, views.shape[-1]), np.tile(y, len(views)), n_classes=n_classes,
        sample_weight=row_weight, class_weight=class_weight, floor=floor, standardisation=standardisation,
    )  # fmt: skip
    if kind == "logistic+ridge":
        prepared = replace(prepared if standardisation is not None else reduce_rows(prepared), has_ridge=True)
    return prepared, row_groups


def _spread_over_views(
    n_views: int, y: Numbers, sample_weight: Weights | None, groups: Sequence[str] | None
) -> tuple[Weights | None, npt.NDArray[np.str_] | None]:
    """Return the weight and the group of each row. None: all weights are 1, or no two rows share a group."""
    per_row = np.tile(np.ones(len(y)) if sample_weight is None else sample_weight, n_views) / n_views
    row_groups = None
    if groups is not None or n_views > 1:
        row_groups = np.array((list(groups) if groups is not None else [str(n) for n in range(len(y))]) * n_views)
    return (None if sample_weight is None and n_views == 1 else per_row), row_groups
