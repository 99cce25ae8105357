"""Numbers and terms in plain words, for the verdict, the tables and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NOTHING = "—"
MAX_NAMED = 10  # classes in one line

# key in the metrics, name, meaning, format
MEASURES = (
    ("n", "Photos", "Number of photos for the measures below.", "count"),
    ("accuracy", "Accuracy", "Share of photos that get the right class. Below it: the 95% confidence interval.",
     "percent"),
    ("balanced_accuracy", "Balanced accuracy", "Mean recall over the classes: a rare class counts as much as a common "
     "one.", "percent"),
    ("macro_f1", "Macro F1", "F1 combines precision (how many of its answers are right) and recall (how many of its "
     "photos are found). This is the mean over the classes. 1 is perfect.", "number"),
    ("top3_accuracy", "Top-3 accuracy", "Share of photos whose right class is among the three most probable.",
     "percent"),
    ("loss", "Log loss", "Mean of -log(probability of the right class). 0 is perfect; confident mistakes cost most.",
     "number"),
    ("roc_auc", "ROC AUC", "How often a photo of a class gets a higher probability for it than a photo of another "
     "class. 0.5 is chance, 1 is perfect.", "number"),
    ("average_precision", "Average precision", "Mean precision in the list of photos sorted by the probability of a "
     "class. 1 is perfect.", "number"),
    ("expected_calibration_error", "Calibration error", "Mean gap between confidence and accuracy (ECE). 0% "
     "is perfect.", "percent"),
)  # fmt: skip

METHODS = {
    "fixed": "only the head, from features to classes, was trained; the network stayed as pretrained",
    "hybrid": "the upper stages of the network and the head were trained; the lower stages stayed as pretrained",
    "finetune": "the whole network was trained, starting from its pretrained weights",
    "scratch": "the whole network was trained from random weights",
}

STAGES = {
    "scan": "finding and checking the photos",
    "extract": "extracting the features",
    "near_copies": "comparing photos for near copies",
    "fit": "training",
    "repeat": "repeats on other splits",
    "evaluate": "evaluation",
    "report": "drawing the report",
}


def format_percent(share: float | None) -> str:
    """Write a share as a percentage with one decimal; with more, if one would round up to a false 100%.

    Examples
    --------
    >>> format_percent(0.989), format_percent(1.0), format_percent(0.9996), format_percent(None)
    ('98.9%', '100.0%', '99.96%', '—')
    """
    if share is None:
        return NOTHING
    texts = [f"{share:.{decimals}%}" for decimals in (1, 2, 3)]
    return next((text for text in texts if share >= 1 or not text.startswith("100")), "99.999%")


def format_threshold(share: float) -> str:
    """Write a threshold of a probability as a percentage, with enough decimals to tell it from 0% and from 100%.

    Examples
    --------
    >>> [format_threshold(share) for share in (0.5, 0.0312, 0.0004, 0.99996, 0.0)]
    ['50.0%', '3.1%', '0.04%', '99.996%', '0.0%']
    """
    least = min(share, 1 - share)
    for decimals in range(1, 8):
        text = f"{share:.{decimals}%}"
        shown = float(text[:-1]) / 100
        if abs(min(shown, 1 - shown) - least) <= 0.05 * least:
            return text
    return text


def format_number(value: Any, kind: str) -> str:
    """Write a measure: a ``"count"`` with thousands, a share in ``"percent"``, a ``"number"`` with 3 decimals."""
    if value is None:
        return NOTHING
    if kind == "count":
        return f"{value:,}"
    return format_percent(value) if kind == "percent" else f"{value:.3f}"


def format_seconds(seconds: float, *, is_estimate: bool = False) -> str:
    """Write a duration: decimals below a minute, then minutes and seconds.

    An estimate is in whole seconds below 100 s, else in whole minutes.

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
    """Write a number of photos."""
    return " ".join([f"{n:,}", *([kind] if kind else []), "photo" if n == 1 else "photos"])


def join_labels(labels: Sequence[str], most: int = 6) -> str:
    """Write a label set; of more than ``most`` labels, the first and the number of others.

    Examples
    --------
    >>> join_labels(["glass"]), join_labels(["glass", "metal", "paper"])
    ('glass', 'glass, metal or paper')
    """
    if len(labels) > most:
        return f"{', '.join(labels[: most - 1])} or {len(labels) - most + 1:,} others"
    return " or ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else labels)


def describe_classes(counts: Mapping[str, int]) -> str:
    """Write the classes with their numbers of photos; of more than ten classes, the smallest and the largest.

    Examples
    --------
    >>> describe_classes({"cats": 1500, "dogs": 1})
    'cats (1,500 photos), dogs (1 photo)'
    >>> describe_classes({f"plate {n}": 4 for n in range(1000)})
    '1,000, each of 4 photos'
    """
    if len(counts) <= MAX_NAMED:
        return ", ".join(f"{name} ({count_photos(n)})" for name, n in counts.items())
    least, most = min(counts, key=lambda name: counts[name]), max(counts, key=lambda name: counts[name])
    if counts[least] == counts[most]:
        return f"{len(counts):,}, each of {count_photos(counts[least])}"
    ends = f"from {least} ({count_photos(counts[least])}) to {most} ({count_photos(counts[most])})"
    return f"{len(counts):,}, {ends}"


def explain_start(n_errors: float, *, of: str = "", on: str = "") -> str:
    """Return why no epoch of a training was kept, as a part of a sentence.

    Parameters
    ----------
    n_errors
        Gain that an epoch needs over the start, in standard errors. Below 0: it may be worse by as many.
    of, on
        Words after "epoch" and after "better".

    Examples
    --------
    >>> explain_start(0.0), explain_start(2.0)
    ('no epoch was better than the start', 'no epoch was better than the start by more than noise')
    >>> explain_start(-1.0, of=" of hybrid", on=" on the validation photos")
    'every epoch of hybrid was worse on the validation photos than the start by more than noise'
    """
    by_noise = " by more than noise" if n_errors else ""
    if n_errors < 0:
        return f"every epoch{of} was worse{on} than the start{by_noise}"
    return f"no epoch{of} was better{on} than the start{by_noise}"
