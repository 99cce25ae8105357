"""The accuracy on each group of photos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.evaluation.intervals import bound_share

MIN_PHOTOS = 10  # of a group with an accuracy of its own
MAX_GROUPS = 100


def measure_groups(groups: Sequence[str | None], is_right: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return the accuracy on each group of 10 photos or more, the lowest first; at most 100 groups.

    Parameters
    ----------
    groups
        (N,) names; photos of None are left out.

    Returns
    -------
    ``group``, ``n``, ``accuracy`` and ``accuracy_ci95`` of each group.

    Examples
    --------
    >>> measure_groups(["site 1"] * 12 + ["site 2"] * 3, np.ones(15, bool))[0]["group"]
    'site 1'
    """
    names = np.array([group or "" for group in groups], str)
    rows = []
    for name, n in zip(*np.unique(names, return_counts=True), strict=True):
        if name and n >= MIN_PHOTOS:
            of_group = is_right[names == name]
            interval = [float(bound) for bound in bound_share(of_group, np.ones(n))]
            row = {"group": str(name), "n": int(n), "accuracy": float(of_group.mean()), "accuracy_ci95": interval}
            rows.append(row)
    return sorted(rows, key=lambda row: (row["accuracy"], row["group"]))[:MAX_GROUPS]
