"""Numbers and terms in plain words, the same in the verdict, the tables and the page."""

from __future__ import annotations

from typing import Any

NOTHING = "—"

# key in the metrics, its name, what it says, how it is written
MEASURES = (
    ("n", "Photos", "How many photos the figures below come from.", "count"),
    ("accuracy", "Accuracy", "Share of photos that get the right class. Below it, the range that holds the true share "
     "95 times in 100 with this many photos.", "percent"),
    ("balanced_accuracy", "Balanced accuracy", "The mean of the classes' recalls: a rare class counts as much as a "
     "common one.", "percent"),
    ("macro_f1", "Macro F1", "F1 joins “of its photos, how many are found” and “of its answers, how many are right”; "
     "this is the mean over classes. 1 is perfect.", "number"),
    ("top3_accuracy", "Top-3 accuracy", "Share of photos whose right class is among the three likeliest.", "percent"),
    ("loss", "Log loss", "How surprised it is by the truth. 0 is perfect; being sure and wrong costs most.", "number"),
    ("roc_auc", "ROC AUC", "How often a photo of a class gets more probability for it than a photo of another. "
     "0.5 is chance, 1 perfect.", "number"),
    ("average_precision", "Average precision", "Walking down from the surest answers: how pure the list stays until "
     "the last photo of the class is found. 1 is perfect.", "number"),
    ("expected_calibration_error", "Calibration error", "How far its confidence is from how often it is right, on "
     "average (ECE). 0% is honest.", "percent"),
)  # fmt: skip

METHODS = {
    "fixed": "only the last step, from features to classes, was trained; the network below stayed as it was",
    "hybrid": "the upper stages of the network and the last step were trained; the lower stages stayed as they were",
    "finetune": "the whole network was trained further, starting from its pretrained weights",
    "scratch": "the whole network was trained from random weights",
}

STAGES = {
    "scan": "finding and checking the photos",
    "extract": "computing what the network sees in each",
    "fit": "training",
    "evaluate": "judging",
    "report": "drawing",
}


def format_percent(share: float | None) -> str:
    """Write a share as a percentage with one decimal, and more where one would round up to a false 100%.

    Examples
    --------
    >>> format_percent(0.989), format_percent(1.0), format_percent(0.9996), format_percent(None)
    ('98.9%', '100.0%', '99.96%', '—')
    """
    if share is None:
        return NOTHING
    texts = [f"{share:.{decimals}%}" for decimals in (1, 2, 3)]
    return next((text for text in texts if share >= 1 or not text.startswith("100")), texts[-1])


def format_number(value: Any, kind: str) -> str:
    """Write a measure: a ``"count"`` with thousands, a share in ``"percent"``, a ``"number"`` with 3 decimals.

    Examples
    --------
    >>> format_number(1000, "count"), format_number(0.0312, "number"), format_number(None, "number")
    ('1,000', '0.031', '—')
    """
    if value is None:
        return NOTHING
    if kind == "count":
        return f"{value:,}"
    return format_percent(value) if kind == "percent" else f"{value:.3f}"


def format_seconds(seconds: float, *, is_estimate: bool = False) -> str:
    """Write a duration; an estimate in whole seconds below 100 s, and in whole minutes above.

    Examples
    --------
    >>> format_seconds(0.04), format_seconds(7.31), format_seconds(754), format_seconds(754, is_estimate=True)
    ('0.04 s', '7.3 s', '12 min 34 s', '13 min')
    """
    if is_estimate:
        return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def count_photos(n: int, kind: str = "") -> str:
    """Write a number of photos.

    Examples
    --------
    >>> count_photos(1000, "test"), count_photos(1)
    ('1,000 test photos', '1 photo')
    """
    return " ".join([f"{n:,}", *([kind] if kind else []), "photo" if n == 1 else "photos"])
