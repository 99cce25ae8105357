"""Measure what near copies mean for the test accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headstart.evaluation.metrics import evaluate_probabilities
from headstart.features.near_copy_groups import NearCopies
from headstart.methods.near_copy_notes import list_conflicts
from headstart.methods.split_metrics import SplitPredictions


def measure_near_copies(
    near_copies: NearCopies | None, predictions: Mapping[str, SplitPredictions], labels: tuple[str, ...]
) -> dict[str, Any] | None:
    """Return the key ``near_copies`` of metrics.json, or None if near copies were not searched for.

    ``n_photos`` photos are near copies of others, in ``n_groups`` groups and ``n_pairs`` pairs. ``across``: by split,
    the number of its photos with a near copy in training. ``without``: ``n``, ``accuracy`` and ``accuracy_ci95`` of the
    test photos without one, or None if all or none have one. ``is_chained``: whether a group was cut.
    ``n_conflicts``: number of pairs with different labels.
    """
    if near_copies is None:
        return None
    photos = {photo.digest: photo for split in predictions.values() for photo in split.features.photos}
    splits = {digest: photo.split for digest, photo in photos.items()}
    across = {split: near_copies.list_across(splits, split) for split in ("validation", "test")}
    test, without = predictions["test"], None
    kept = np.array([photo.digest not in across["test"] for photo in test.features.photos], bool)
    if across["test"] and kept.any():
        groups = test.features.groups
        numbers = evaluate_probabilities(
            test.features.y[kept], test.probabilities[kept], labels,
            groups=groups and [groups[n] for n in np.flatnonzero(kept)],
        )  # fmt: skip
        without = {name: numbers[name] for name in ("n", "accuracy", "accuracy_ci95")}
    return {
        "n_photos": len(near_copies.names), "n_groups": near_copies.n_groups,
        "n_pairs": len(near_copies.pairs), "across": {split: len(found) for split, found in across.items()},
        "without": without, "is_chained": near_copies.is_chained,
        "n_conflicts": len(list_conflicts(near_copies, photos)),
    }  # fmt: skip
