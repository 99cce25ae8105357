"""Class weights for classes of unequal size: when they are needed, and which."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError

# Weights trade accuracy over all photos for accuracy on rare classes. On solar cells (classes of ratio 2.2) they
# cost 1.1 points of accuracy and 0.025 of log loss, and gained 2 points of balanced accuracy. On coffee leaves (3.6)
# they cost nothing and gained 2.5 points. So classes are weighted only if one of them is rare.
SKEW = 3.0
# A network that is trained above a cut for a few epochs memorises few photos. Balanced weights then make it predict the
# smaller class too often, and cost two points of accuracy at a ratio of 3.6. Their square roots are used instead, and
# only if a class is rarer than that (docs/decisions/0047-hybrid-in-fewer-steps.md).
SKEW_OF_TUNED = 5.0
POWER_OF_TUNED = 0.5


def is_skewed(y: npt.NDArray[Any], n_classes: int, skew: float = SKEW) -> bool:
    """Return whether the largest class has more than ``skew`` times the rows of the smallest.

    Parameters
    ----------
    y
        (N,) class numbers from 0 to ``n_classes`` - 1. If a class has no rows, the answer is True.

    Examples
    --------
    >>> is_skewed(np.array([0, 0, 0, 1]), 2), is_skewed(np.array([0, 0, 0, 0, 1]), 2)
    (False, True)
    """
    counts = np.bincount(y, minlength=n_classes)
    return bool(counts.max() > skew * counts.min())


def balanced_weights(
    y: npt.NDArray[Any], n_classes: int, sample_weight: npt.NDArray[Any] | None = None
) -> npt.NDArray[np.float64]:
    """Return class weights that give all classes the same total weight.

    Parameters
    ----------
    y
        (N,) class numbers from 0 to ``n_classes`` - 1.
    sample_weight
        (N,) weights, at least 0. Default: 1 each.

    Returns
    -------
    (C,) float64: N / (C * n_c) for the class c with n_c rows; both counts are weighted. This is the rule
    ``class_weight="balanced"`` of scikit-learn, from King and Zeng 2001, "Logistic regression in rare events data".

    Raises
    ------
    FitError
        If a class has no rows.

    Examples
    --------
    >>> balanced_weights(np.array([0, 0, 0, 1]), 2)
    array([0.66666667, 2. ])
    """
    counts = np.bincount(y, sample_weight, minlength=n_classes).astype(np.float64)
    empty = np.flatnonzero(counts <= 0)
    if len(empty):
        raise FitError(
            f"Cannot balance classes: got no rows of class {', '.join(map(str, empty))}, need rows of all "
            f"{n_classes} classes. Leave out the classes without rows."
        )
    weights: npt.NDArray[np.float64] = counts.sum() / (n_classes * counts)
    return weights
