"""The settings of a report say how the confidence was set."""

from headstart.report.confidence_text import describe_confidence

RECORD = {
    "factor": 0.5, "n": 1, "is_validation": True, "loss_before": 0.5, "loss_after": 0.4,
    "calibration_error_before": 0.1, "calibration_error_after": 0.05,
}  # fmt: skip


def test_the_photos_that_set_the_confidence_are_named():
    assert "chosen on 1 photo of the validation split: calibration error 10.0% -> 5.0%" in describe_confidence(
        {"confidence": RECORD}
    )
    assert "1 photo in cross-validation" in describe_confidence({"confidence": RECORD | {"is_validation": False}})
    assert describe_confidence({"confidence": None}) is None
