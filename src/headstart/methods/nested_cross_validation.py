"""Judge every photo by a head that was fitted without it: an accuracy from all photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.evaluation.metrics import evaluate_probabilities
from headstart.head.fold_heads import HeldOutPredictions
from headstart.head.linear import softmax
from headstart.head.nested import NestedPredictions, predict_nested
from headstart.head.regularisation import MANY_SCORES, MAX_HEADS_SIZE, predict_held_out
from headstart.methods.head_fitting import prepare_views, weigh_classes
from headstart.methods.held_out_scores import OutOfFold
from headstart.methods.out_of_fold import has_folds
from headstart.methods.trained_method import TrainedMethod
from headstart.process.progress import Progress, ignore_progress

N_FOLDS = 5
# Of the variance of independent answers. The heads share photos, and on other photos they vary from set to set.
# docs/decisions/0034-intervals.md
VARIANCE_FACTOR = 1.25
REPORTED = ("accuracy", "accuracy_ci95", "n", "loss", "expected_calibration_error", "calibration_bins", "per_class")


@dataclass(frozen=True, eq=False)
class NestedJudgement:
    """What `cross_validate_nested` found.

    Attributes
    ----------
    measures
        Plain JSON types for metrics.json: ``accuracy``, ``accuracy_ci95``, ``loss``, ``expected_calibration_error``,
        ``calibration_bins`` and ``per_class`` as of `evaluate_probabilities`; ``n``, the number of photos; ``n_folds``;
        ``n_repeats``, always 1; ``is_nested``: whether the strengths were chosen anew. For half a million scores
        (photos times classes) and more this would take minutes; the strength of the trained head is taken.
    held
        Scores of the photos of all splits by the heads that were fitted without them, after the factors that set the
        confidence.
    """

    measures: dict[str, Any]
    held: OutOfFold


def cross_validate_nested(trained: TrainedMethod, progress: Progress = ignore_progress) -> NestedJudgement | None:
    """Judge every training, validation and test photo once, by a head that was fitted without it and its group.

    The strength of each head is chosen anew, without the photos that the head is judged on, unless the settings give
    one. So is the factor of its confidence; for a given strength it is that of the classifier. The test photos choose
    nothing else: the classifier does not depend on them. The figure holds for photos like all of these together. If
    the test photos were given and are of another kind, they are only a part of these.

    Returns
    -------
    The measures, and the scores of the photos. None if heads cannot be fitted anew (see `has_folds`), or if only photos
    of one class can be judged. A photo cannot be judged if no other photo outside its fold has its class.
    """
    table, settings = trained.table, trained.settings
    if not has_folds(trained):
        return None
    assert trained.fitted.strength is not None  # noqa: S101  for the type checker
    labels, n_averaged = table.catalog.labels, table.n_averaged
    photos = table.splits["train"].join(table.splits["validation"]).join(table.splits["test"])
    views, y, groups = photos.views if n_averaged > 1 else photos.X[None], photos.y, photos.groups
    class_weight = weigh_classes(y, len(labels), trained.fitted.class_weight_rule, photos.weights)
    prepared, names = prepare_views(
        views, y, len(labels), class_weight=class_weight, sample_weight=photos.weights, groups=groups,
        kind=trained.fitted.kind, standardisation=trained.fitted.standardisation,
    )  # fmt: skip
    size = N_FOLDS * prepared.Z.shape[1] * len(labels)
    is_nested = settings.strength is None and len(y) * len(labels) < MANY_SCORES and size <= MAX_HEADS_SIZE
    held: HeldOutPredictions
    if is_nested:
        held = predict_nested(
            prepared, seed=settings.seed, groups=names, n_folds=N_FOLDS, n_views=len(views), n_averaged=n_averaged,
            progress=progress,
        )  # fmt: skip
    else:
        (held,) = predict_held_out(
            prepared, strength=trained.fitted.strength, seeds=[settings.seed], groups=names, n_folds=N_FOLDS,
            n_views=len(views), n_averaged=n_averaged, progress=progress,
        )  # fmt: skip
    at = np.flatnonzero(held.fold >= 0)
    if len(np.unique(y[at])) < 2:
        return None
    factor = np.ones((len(at), 1), np.float32)
    if isinstance(held, NestedPredictions):
        factor *= held.factors.astype(np.float32)[held.fold[at], None]
    elif trained.confidence is not None:
        factor *= np.float32(trained.confidence["factor"])
    of_judged = None if groups is None else [groups[n] for n in at]
    scores = factor * held.scores[at]
    measures = evaluate_probabilities(y[at], softmax(scores), labels, groups=of_judged, variance_factor=VARIANCE_FACTOR)
    record = {
        **{name: measures[name] for name in REPORTED},
        "n_folds": len(np.unique(held.fold[at])), "n_repeats": 1, "is_nested": is_nested,
    }  # fmt: skip
    judged = OutOfFold(photos=tuple(photos.photos[n] for n in at), y=y[at], scores=scores, is_validation=False)
    return NestedJudgement(record, judged)
