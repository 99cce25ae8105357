"""Which splits the head of a classifier file was fitted to, and of which head a figure then is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SPLITS = ("train", "validation", "test")


def list_fitted_splits(metrics: Mapping[str, Any]) -> list[str]:
    """Return the splits that the head of the file was fitted to; ``["train"]`` for runs of earlier versions.

    Examples
    --------
    >>> list_fitted_splits({"fitted_on": "train+validation"}), list_fitted_splits({})
    (['train', 'validation'], ['train'])
    """
    fitted_on = str(metrics.get("fitted_on") or "train")
    if fitted_on != "all":
        return fitted_on.split("+")
    return [split for split in SPLITS if metrics.get(split, ...) is not None]  # an empty split has no metrics


def is_fitted_to(split: str, metrics: Mapping[str, Any]) -> bool:
    """Say whether the head of the file was fitted to held-out photos after they were judged."""
    return split != "train" and split in list_fitted_splits(metrics)


def say_whose_figure(split: str, metrics: Mapping[str, Any]) -> str:
    """Say of which classifier the figure is, if the one in the file was fitted to the evaluated photos, too."""
    if not is_fitted_to(split, metrics):
        return ""
    return (
        f"Afterwards it was fitted to the {split} photos, too; the file holds that one. With more training photos, "
        "expect it to be at least as accurate."
    )
