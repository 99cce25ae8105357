"""Say how the confidence of a classifier was set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.words import count_photos, format_percent


def describe_confidence(metrics: Mapping[str, Any]) -> str | None:
    """Describe for the settings the factor of the scores and its effect; None if there is none.

    Examples
    --------
    >>> describe_confidence({"confidence": {"factor": 1.25, "n": 200, "is_validation": False, "loss_before": 0.5,
    ...     "loss_after": 0.48, "calibration_error_before": 0.061, "calibration_error_after": 0.029}})
    'scores multiplied by 1.25, chosen on 200 photos in cross-validation: calibration error 6.1% -> 2.9%, log loss \
0.500 -> 0.480'
    """
    record = metrics.get("confidence")
    if not record:
        return None
    where = " of the validation split" if record["is_validation"] else " in cross-validation"
    before, after = (format_percent(record[f"calibration_error_{when}"]) for when in ("before", "after"))
    return (
        f"scores multiplied by {record['factor']:.3g}, chosen on {count_photos(record['n'])}{where}: "
        f"calibration error {before} -> {after}, log loss {record['loss_before']:.3f} -> {record['loss_after']:.3f}"
    )
