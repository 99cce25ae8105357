"""The forecast of a training: the accuracy to expect with more photos, or why it cannot be known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from headstart.catalog.photo import SPLITS
from headstart.evaluation.forecast import MOST, VARIANCE_FACTOR, Z80, Forecast, fit_forecast
from headstart.head.learning_curve import measure_learning_curve
from headstart.methods.feature_table import SplitFeatures
from headstart.methods.head_fitting import weigh_classes
from headstart.methods.trained_method import TrainedMethod

FACTORS = (2.0, 5.0)
FEWEST = 30  # judged photos
FEW_PHOTOS = {"reason": "few-photos"}
FEWEST_POINTS = 2
MANY_COPIES = 1 / 3  # of the photos
FLAT = 0.05  # exponent: with it ten times the photos remove a tenth of the errors
FEW_WRONG = 0.05  # share; below, the curve of a good classifier is flat, too
ROUND_ACCURACIES = (0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
WORTH_REACHING = 0.2  # share of the errors that must be removed to reach the accuracy for which photos are counted


def forecast_training(
    trained: TrainedMethod, judged: Mapping[str, Any] | None, splits: Sequence[str] = SPLITS
) -> dict[str, Any]:
    """Return the forecast for metrics.json in plain JSON types; see `describe_forecast`.

    It also has ``n`` and ``accuracy`` of cross-validation, and ``n_near_copies``, the number of photos with a near
    copy. The reason may be ``no-cross-validation``, ``few-photos`` or ``few-groups``, too.

    Parameters
    ----------
    judged
        ``accuracy``, ``n`` and ``n_folds`` of a cross-validation over the photos of ``splits``. None: there is none.
    """
    if judged is None:
        return {"reason": "no-cross-validation"}
    first, *others = (trained.table.splits[name] for name in splits)
    photos = reduce(SplitFeatures.join, others, first)
    n_classes, n_photos = len(trained.table.catalog.labels), int(judged["n"])
    copies = Counter(photo.near_copies for photo in photos.photos if photo.near_copies is not None)
    n_copies = sum(n for n in copies.values() if n > 1)
    record: dict[str, Any] = {"n": n_photos, "accuracy": judged["accuracy"], "n_near_copies": n_copies}
    if n_photos < FEWEST:
        return record | FEW_PHOTOS
    points = measure_learning_curve(
        photos.X[:, -trained.backbone.spec.n_last_features :], photos.y, n_classes, seed=trained.settings.seed,
        groups=photos.groups, sample_weight=photos.weights,
        class_weight=weigh_classes(photos.y, n_classes, trained.fitted.class_weight_rule, photos.weights),
    )  # fmt: skip
    if len(points) < FEWEST_POINTS:
        n_groups = len(set(photos.groups or range(len(photos.y))))
        return record | ({"reason": "few-groups", "n_groups": n_groups} if n_groups < FEWEST else FEW_PHOTOS)
    n_right = round(judged["accuracy"] * n_photos)
    forecast = fit_forecast(points, n_right, n_photos, n_photos * (1 - 1 / max(2, int(judged["n_folds"]))))
    guess = float(np.bincount(photos.y).max() / len(photos.y))
    return record | describe_forecast(forecast, guess=guess, copy_share=n_copies / len(photos.y))


def describe_forecast(forecast: Forecast, *, guess: float, copy_share: float) -> dict[str, Any]:
    """Return a forecast as a record in plain JSON types.

    ``reason`` says why the accuracy with more photos cannot be known: ``near-copies``, ``guessing`` or ``flat``; None
    if it can be. ``exponent`` and ``exponent_sd``: the error falls as the number of photos to the power of -exponent.
    ``points``: ``factor`` of the photos at hand and ``accuracy``, moved to the level of cross-validation. ``expected``:
    ``factor``, ``n_photos``, ``accuracy`` and ``interval80``. ``target``: ``accuracy``, ``n_photos`` that reach it and
    ``interval80``, where None is more than ``most`` photos. The last two only without a reason.

    Parameters
    ----------
    guess
        Share of the largest class.
    copy_share
        Share of the photos that have a near copy.
    """
    record: dict[str, Any] = {
        "exponent": round(forecast.exponent, 4), "exponent_sd": round(forecast.exponent_sd, 4),
        "points": [{"factor": round(f, 4), "accuracy": round(accuracy, 4)} for f, accuracy in forecast.points],
        "most": round(MOST * forecast.n_photos),
    }  # fmt: skip
    if copy_share > MANY_COPIES:
        return record | {"reason": "near-copies"}
    chance = Z80 * math.sqrt(VARIANCE_FACTOR * guess * (1 - guess) / forecast.n_photos)
    if 1 - forecast.error <= guess + chance:  # else random labels would have a forecast
        return record | {"reason": "guessing"}
    if forecast.error > FEW_WRONG and forecast.measured + Z80 * forecast.measured_sd < FLAT:
        return record | {"reason": "flat"}
    return record | {
        "reason": None, "expected": [_describe_expected(forecast, factor) for factor in FACTORS],
        "curve": [_describe_expected(forecast, factor) for factor in np.geomspace(1, MOST, 13).tolist()],
        "target": _describe_target(forecast),
    }  # fmt: skip


def _describe_expected(forecast: Forecast, factor: float) -> dict[str, Any]:
    accuracy, low, high = forecast.expect(factor)
    return {
        "factor": round(factor, 4), "n_photos": round(factor * forecast.n_photos), "accuracy": round(accuracy, 4),
        "interval80": [round(low, 4), round(high, 4)],
    }  # fmt: skip


def _describe_target(forecast: Forecast) -> dict[str, Any] | None:
    """Return how many photos reach the next round accuracy; None if there is no higher one."""
    wanted = 1 - (1 - WORTH_REACHING) * forecast.error
    accuracy = next((share for share in ROUND_ACCURACIES if share >= wanted), None)
    if accuracy is None:
        return None
    expected, least, most = (
        None if factor is None else round(factor * forecast.n_photos) for factor in forecast.find_number(accuracy)
    )
    return {"accuracy": accuracy, "n_photos": expected, "interval80": [least, most]}
