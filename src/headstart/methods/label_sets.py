"""Calibrate the label sets of a trained method, and measure them on the test photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from headstart.catalog.photo import Photo
from headstart.catalog.photo_groups import name_groups
from headstart.classifier.label_sets import LEVELS, LabelSets, calibrate_label_sets
from headstart.evaluation.intervals import bound_share
from headstart.methods.split_metrics import SplitPredictions

HELD_OUT = ("validation", "test")


def fit_label_sets(predictions: Mapping[str, SplitPredictions]) -> LabelSets | None:
    """Return label sets that the validation and test photos calibrate, or None without such photos.

    Each was predicted by a head that was not fitted to it.
    """
    return _calibrate([predictions[split] for split in HELD_OUT])


def measure_label_sets(predictions: Mapping[str, SplitPredictions]) -> dict[str, Any] | None:
    """Return ``label_sets`` of metrics.json, or None without held-out photos.

    ``n`` is the number of photos that calibrate the sets of the file. ``levels`` has a record for each level that they
    support: ``level``, ``promise``, ``threshold``, and ``test``: ``n``, ``coverage``, ``coverage_ci95`` and
    ``mean_size`` of the sets of the test photos by thresholds of the validation photos alone; None if these are too
    few.
    """
    sets, judged = fit_label_sets(predictions), _calibrate([predictions["validation"]])
    if sets is None:
        return None
    levels = []
    for level in LEVELS:
        if sets.supports(level):
            is_judged = judged is not None and judged.supports(level)
            test = _measure(predictions["test"], judged.find_threshold(level)) if judged and is_judged else None
            levels.append(
                {"level": level, "promise": sets.promise(level), "threshold": sets.find_threshold(level), "test": test}
            )
    return {"n": sets.n_units, "levels": levels}


def _calibrate(parts: Sequence[SplitPredictions]) -> LabelSets | None:
    photos: list[Photo] = [photo for part in parts for photo in part.features.photos]
    y, rows = np.concatenate([part.features.y for part in parts]), np.concatenate([p.probabilities for p in parts])
    return calibrate_label_sets(y, rows, name_groups(photos))


def _measure(part: SplitPredictions, threshold: float) -> dict[str, Any] | None:
    if not len(part.features.y):
        return None
    is_in = part.probabilities >= threshold
    is_in[np.arange(len(is_in)), part.probabilities.argmax(1)] = True
    is_right = is_in[np.arange(len(is_in)), part.features.y]
    return {
        "n": len(is_in), "coverage": float(is_right.mean()), "mean_size": float(is_in.sum(1).mean()),
        "coverage_ci95": bound_share(is_right, np.ones(len(is_in)), part.features.groups),
    }  # fmt: skip
