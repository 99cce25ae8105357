"""Compare an evaluation with the report of the classifier's run: the same photos must have the same figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.evaluation.verdict import HEADLINE_ORDER
from headstart.evaluation.words import count_photos, format_percent

SAME = 1e-6  # difference of accuracies and losses up to which they are the same figure


def find_run_metrics(model: Path) -> dict[str, Any] | None:
    """Return the metrics.json of the run that a classifier lies in, by the path of either; None if there is none."""
    folder = model if model.is_dir() else model.parent
    try:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_of_run = isinstance(metrics, dict) and (model.is_dir() or model.name == "model.onnx")
    return metrics if is_of_run else None


def compare_with_report(evaluated: Mapping[str, Any], reported: Mapping[str, Any]) -> str:
    """Say whether an evaluation agrees with the report of the run, and if not, what differs.

    Parameters
    ----------
    evaluated
        Result of `evaluate_classifier`, or the accuracy, its interval, the precision and the photos' digest alone.
    reported
        The metrics.json of the run. An empty text is returned if it has no figures to compare with.
    """
    for split in HEADLINE_ORDER:
        numbers = reported.get(split)
        if numbers and numbers.get("photos_digest") == evaluated["photos_digest"]:
            return f"These are the {split} photos of the report{_compare(evaluated, numbers, reported)}"
    test = reported.get("test")
    if not test or "photos_digest" not in test:
        return ""
    text = (
        f"These are other photos than the {count_photos(test['n'], 'test')} of the report, which says "
        f"{format_percent(test['accuracy'])}."
    )
    if evaluated["accuracy_ci95"][0] > test["accuracy_ci95"][1]:
        text += (
            " They are easier by more than chance. Training photos are recognised by their bytes: if these are "
            "training photos that were saved again, the accuracy is too good."
        )
    return text


def _compare(evaluated: Mapping[str, Any], numbers: Mapping[str, Any], reported: Mapping[str, Any]) -> str:
    compared = [key for key in ("accuracy", "loss") if key in evaluated]
    if max(abs(evaluated[key] - numbers[key]) for key in compared) > SAME:
        loss = f" (log loss {numbers['loss']:.4f})" if "loss" in compared else ""
        said = f", which says {format_percent(numbers['accuracy'])}{loss}"
        if evaluated["precision"] != reported.get("precision"):
            computed = f"the report was computed in {reported.get('precision')}"
            return f"{said}: {computed}, this evaluation in {evaluated['precision']}."
        return f"{said}: the processor or the versions of the programs have changed."
    ends = zip(evaluated["accuracy_ci95"], numbers["accuracy_ci95"], strict=True)
    if any(abs(one - other) > SAME for one, other in ends):
        return (
            ", and the figures agree. Only the interval differs: the report counts photos of one group, and near "
            "copies, together."
        )
    return ", and the figures agree."
