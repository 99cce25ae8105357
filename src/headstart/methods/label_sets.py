"""Calibrate the label sets of a trained method, and measure them on the test photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo
from headstart.catalog.photo_groups import name_groups
from headstart.classifier.label_sets import LEVELS, LabelSets, calibrate_label_sets, count_held_out
from headstart.evaluation.intervals import bound_share
from headstart.methods.split_metrics import SplitPredictions

HELD_OUT = ("validation", "test")
LOWEST_EXAMPLE, N_EXAMPLES = 0.9, 3


def fit_label_sets(predictions: Mapping[str, SplitPredictions]) -> LabelSets | None:
    """Return label sets that the validation and test photos calibrate, or None without such photos.

    Each was predicted by a head that was not fitted to it, but not by the same head: test photos by one that was fitted
    to the validation photos, too, and the file's head may be fitted to all. So the sets are approximate; a head that
    was fitted to more photos is mostly the better one. Above a cut, the validation photos chose the epoch.
    """
    return _calibrate([predictions[split] for split in HELD_OUT])


def measure_label_sets(
    predictions: Mapping[str, SplitPredictions], labels: Sequence[str], sets: LabelSets | None
) -> dict[str, Any] | None:
    """Return ``label_sets`` of metrics.json, or None without held-out photos.

    ``n`` is the number of photos that calibrate the sets of the file, which `fit_label_sets` gives. ``levels`` has a
    record for each level that they support: ``level``, ``expected``, ``expected_ci95``, ``threshold``, and ``test``:
    ``n``, ``coverage``, ``coverage_ci95`` and ``mean_size`` of the sets of the test photos by thresholds of the
    validation photos alone; None if these are too few. ``expected`` is the level, or the share of photos whose most
    probable label is right, if that is higher; only then it has an interval. ``unsupported`` has ``level`` and
    ``n_needed`` of each level that they do not support. ``examples`` has ``level``, ``path``, ``label`` and ``set`` of
    a few photos whose sets have several labels.
    """
    judged = _calibrate([predictions["validation"]])
    if sets is None:
        return None
    levels, unsupported = [], []
    for level in LEVELS:
        if not sets.supports(level):
            unsupported.append({"level": level, "n_needed": count_held_out(level)})
        else:
            is_judged = judged is not None and judged.supports(level)
            test = _measure(predictions["test"], judged.find_threshold(level)) if judged and is_judged else None
            levels.append(
                {
                    "level": level, "expected": sets.expect(level),
                    "expected_ci95": list(sets.top_share_ci95) if sets.top_share > level else None,
                    "threshold": sets.find_threshold(level), "test": test,
                }
            )  # fmt: skip
    held_out = next(predictions[split] for split in ("test", "validation") if len(predictions[split].features.y))
    examples = _list_examples(held_out, sets, labels)
    return {"n": sets.n_units, "levels": levels, "unsupported": unsupported, "examples": examples}


def _list_examples(part: SplitPredictions, sets: LabelSets, labels: Sequence[str]) -> list[dict[str, Any]]:
    """List photos with several labels at the lowest level from 90% where a set has several."""
    for level in (level for level in LEVELS if level >= LOWEST_EXAMPLE and sets.supports(level)):
        is_in = _find_sets(part, sets.find_threshold(level))
        several = np.flatnonzero(is_in.sum(1) > 1)
        if len(several):
            # the best example: a small set whose right label is not the most probable one
            y, predicted = part.features.y[several], part.predicted[several]
            is_best = is_in[several, y] & (predicted != y)
            shown = several[np.lexsort((several, is_in[several].sum(1), ~is_best))][:N_EXAMPLES]
            return [
                {
                    "level": level, "path": part.features.photos[n].file, "label": part.features.photos[n].label,
                    "set": [labels[c] for c in np.argsort(-part.probabilities[n], kind="stable") if is_in[n, c]],
                }
                for n in shown
            ]  # fmt: skip
    return []


def _calibrate(parts: Sequence[SplitPredictions]) -> LabelSets | None:
    photos: list[Photo] = [photo for part in parts for photo in part.features.photos]
    is_right = np.concatenate([part.is_right for part in parts])
    right = [part.probabilities[np.arange(len(part.features.y)), part.features.y] for part in parts]
    return calibrate_label_sets(is_right, np.concatenate(right), name_groups(photos))


def _measure(part: SplitPredictions, threshold: float) -> dict[str, Any] | None:
    if not len(part.features.y):
        return None
    is_in = _find_sets(part, threshold)
    is_right = is_in[np.arange(len(is_in)), part.features.y]
    return {
        "n": len(is_in), "coverage": float(is_right.mean()), "mean_size": float(is_in.sum(1).mean()),
        "coverage_ci95": bound_share(is_right, np.ones(len(is_in)), part.features.groups),
    }  # fmt: skip


def _find_sets(part: SplitPredictions, threshold: float) -> npt.NDArray[np.bool_]:
    """Return for N photos and C classes whether the class is in the set of the photo."""
    is_in: npt.NDArray[np.bool_] = part.probabilities >= threshold
    is_in[np.arange(len(is_in)), part.predicted] = True
    return is_in
