"""Read the figure of cross-validation from the metrics of a run, and compare the test figure with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.quoting import disagrees, list_figures
from headstart.evaluation.words import count_photos, format_percent


def find_cross_validation(metrics: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the figure of cross-validation over all photos, or None. Runs of earlier versions have another one."""
    found = metrics.get("cross_validation")
    return found if found and "accuracy_ci95" in found else None


def explain_missing_cross_validation(metrics: Mapping[str, Any]) -> str:
    """Say why a run has no figure of cross-validation."""
    if metrics.get("method") != "fixed":
        return "There is no cross-validation: above a cut each fold would need a training of its own."
    if metrics.get("head") == "adam":
        return "There is no cross-validation: the head adam is not fitted until it converges."
    return "There is no cross-validation: there are too many photos and classes, or only one class has enough photos."


def compare_with_cross_validation(metrics: Mapping[str, Any]) -> str:
    """Say which accuracy holds for which photos, if the test photos were given and cross-validation differs.

    The two differ if the gap is more than chance. If the test photos were drawn, cross-validation is quoted.
    """
    figures = {figure.name: figure for figure in list_figures(metrics)}
    test, all_photos = figures.get("test"), figures.get("cross_validation")
    if test is None or all_photos is None or metrics.get("is_test_drawn") or not disagrees(test, all_photos):
        return ""
    sentence = (
        f"In cross-validation over all {count_photos(all_photos.n)}, classifiers like this one are right "
        f"{format_percent(all_photos.accuracy)} of the time (95% interval {format_percent(all_photos.low)} to "
        f"{format_percent(all_photos.high)})"
    )
    return (
        f"{sentence}: the test photos seem to be of another kind than the others. Quote the test accuracy for photos "
        "like the test photos."
    )
