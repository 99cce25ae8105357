"""The mean accuracy over several splits of the same photos, with an interval that allows for their overlap."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from headstart.errors import EvaluationError
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.student_t import t_quantile
from headstart.evaluation.words import format_percent


def repeats_interval(
    accuracies: Sequence[float], *, n_train: float, n_test: float, n_photos: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Compute the interval of the mean accuracy over k splits of the same photos.

    Parameters
    ----------
    accuracies
        Test accuracy of each split, 0 to 1; at least two.
    n_train, n_test
        Number of training and of test photos in each split, or their means.
    n_photos
        Number of different photos that were tested in any split; of photos in groups, the effective number, which is
        below 1 if they are of two or three groups.
    confidence
        Probability that such an interval contains the true accuracy, between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper bound, in [0, 1].

    Raises
    ------
    EvaluationError
        If there are fewer than two accuracies, or no photos.

    Notes
    -----
    Nadeau and Bengio 2003, "Inference for the generalization error", Machine Learning 52: the splits share most of
    their photos, so that the variance of the mean is not s^2 / k but (1 / k + n_test / n_train) s^2. With k - 1 degrees
    of freedom.

    A few accuracies may be equal by chance, and s = 0 if all answers are right. So the interval is never narrower than
    the Wilson interval of the same share of ``n_photos``: more splits of the same photos show no new photos. Five
    accuracies tell little about groups, so that ``n_photos`` has to (`count_effective`).

    Examples
    --------
    >>> low, high = repeats_interval([0.90, 0.94, 0.92], n_train=700, n_test=150, n_photos=400)
    >>> round(low, 3), round(high, 3)
    (0.856, 0.984)
    """
    k = len(accuracies)
    if k < 2 or min(n_train, n_test) < 1 or n_photos <= 0:
        raise EvaluationError(
            f"Cannot compute an interval of repeats: got {k} accuracies of {n_test:g} test and {n_train:g} training "
            f"photos, {n_photos:g} tested in all, need at least 2 accuracies and 1 photo of each. Draw more splits."
        )
    mean, variance = float(np.mean(accuracies)), float(np.var(accuracies, ddof=1))
    half = t_quantile((1 + confidence) / 2, k - 1) * math.sqrt((1 / k + n_test / n_train) * variance)
    low, high = wilson_interval(min(mean, 1.0) * n_photos, n_photos, confidence)
    return max(0.0, min(low, mean - half)), min(1.0, max(high, mean + half))


def write_repeats(repeats: Mapping[str, Any]) -> str:
    """Write the result of repeats, as metrics.json has them, in one or two sentences.

    Examples
    --------
    >>> print(write_repeats({"n": 3, "n_asked": 5, "mean": 0.92, "sd": 0.02, "mean_ci95": [0.856, 0.984],
    ...                      "accuracies": [0.9, 0.94, 0.92]}))
    Over 3 splits of the same photos the mean test accuracy is 92.0% (95% interval 85.6% to 98.4%); single splits gave
    90.0% to 94.0%. Of 5 repeats, 3 are finished.
    """
    low, high = map(format_percent, repeats["mean_ci95"])
    least, most = (format_percent(choose(repeats["accuracies"])) for choose in (min, max))
    text = (
        f"Over {repeats['n']} splits of the same photos the mean test accuracy is {format_percent(repeats['mean'])} "
        f"(95% interval {low} to {high}); single splits gave {least} to {most}."
    )
    is_whole = repeats["n"] == repeats["n_asked"]
    return text if is_whole else f"{text} Of {repeats['n_asked']} repeats, {repeats['n']} are finished."
