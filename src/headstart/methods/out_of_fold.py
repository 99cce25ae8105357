"""Class scores of the training and validation photos, by heads that were fitted without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo
from headstart.head.regularisation import predict_held_out
from headstart.methods.head_fitting import is_streamed, prepare_views
from headstart.methods.method_runner import TrainedMethod
from headstart.process.progress import Progress, ignore_progress

MAX_SCORES = 50_000_000  # photos times classes that are cross-validated: some minutes


@dataclass(frozen=True, eq=False, kw_only=True)
class OutOfFold:
    """Class scores of N photos, each by a head that was fitted without the photo and its group.

    Attributes
    ----------
    y
        (N,) class numbers.
    scores
        (N, C) float32. Their softmax are probabilities.
    is_validation
        Whether these are the validation photos. Above a cut they chose the epoch, so their scores are slightly too
        good. If not, the scores are those of cross-validation over the training and validation photos.
    """

    photos: tuple[Photo, ...]
    y: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    is_validation: bool


def has_folds(trained: TrainedMethod) -> bool:
    """Say whether heads can be fitted anew without some of the photos, in less than a few minutes."""
    train, validation = (trained.table.splits[split] for split in ("train", "validation"))
    n_scores = (len(train.y) + len(validation.y)) * len(trained.table.catalog.labels)
    return trained.fitted.strength is not None and not is_streamed(train.views) and n_scores <= MAX_SCORES


def predict_out_of_fold(trained: TrainedMethod, progress: Progress = ignore_progress) -> OutOfFold | None:
    """Score the training and validation photos by heads that were fitted without them, or return None.

    Heads of logistic regression are fitted anew, with the strength of the trained head. All others score the validation
    photos, if there are any.
    """
    table, fitted, settings = trained.table, trained.fitted, trained.settings
    if not has_folds(trained):
        held = table.splits["validation"]
        if not held.photos:
            return None
        return OutOfFold(photos=held.photos, y=held.y, scores=fitted.head.scores(held.X), is_validation=True)
    assert fitted.strength is not None  # noqa: S101  for the type checker
    both = table.splits["train"].join(table.splits["validation"])
    views = both.views if table.n_averaged > 1 else both.X[None]
    prepared, groups = prepare_views(
        views, both.y, len(table.catalog.labels), class_weight=fitted.class_weight, sample_weight=both.weights,
        groups=both.groups,
    )  # fmt: skip
    (held_out,) = predict_held_out(
        prepared, strength=fitted.strength, seeds=[settings.seed], groups=groups, n_views=len(views),
        n_averaged=table.n_averaged, progress=progress,
    )  # fmt: skip
    at = np.flatnonzero(held_out.fold >= 0)
    if not len(at):
        return None
    return OutOfFold(
        photos=tuple(both.photos[n] for n in at), y=both.y[at], scores=held_out.scores[at], is_validation=False
    )
