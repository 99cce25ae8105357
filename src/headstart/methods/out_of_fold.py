"""Class scores of the training and validation photos, by heads that were fitted without them."""

from __future__ import annotations

import numpy as np

from headstart.catalog.photo_groups import name_groups
from headstart.head.regularisation import predict_held_out
from headstart.methods.head_fitting import is_streamed, prepare_views, weigh_classes
from headstart.methods.held_out_scores import OutOfFold
from headstart.methods.trained_method import TrainedMethod
from headstart.process.progress import Progress, ignore_progress

MAX_SCORES = 50_000_000  # photos times classes that are cross-validated: some minutes


def has_folds(trained: TrainedMethod) -> bool:
    """Say whether heads can be fitted anew without some of the photos, in less than a few minutes."""
    train, validation = (trained.table.splits[split] for split in ("train", "validation"))
    n_scores = (len(train.y) + len(validation.y)) * len(trained.table.catalog.labels)
    return trained.fitted.strength is not None and not is_streamed(train.views) and n_scores <= MAX_SCORES


def predict_out_of_fold(trained: TrainedMethod, progress: Progress = ignore_progress) -> OutOfFold | None:
    """Score the training and validation photos by heads that were fitted without them, or return None.

    If cross-validation chose the strength, its heads score the training photos, and the first head scores the
    validation photos: nothing is fitted anew. If the strength was given or chosen by one fold, or a group has photos of
    both splits, heads of logistic regression are fitted anew with the strength of the trained head. All others score
    the validation photos, if there are any. Scores are those after `set_confidence`, if it has set the confidence
    already.
    """
    if trained.held_out is not None:
        return trained.held_out
    held = _reuse_choice(trained)
    if held is not None:
        return held
    table, fitted, settings = trained.table, trained.fitted, trained.settings
    if not has_folds(trained):
        return _score_validation(trained)
    assert fitted.strength is not None  # noqa: S101  for the type checker
    both = table.splits["train"].join(table.splits["validation"])
    views, n_classes = both.views if table.n_averaged > 1 else both.X[None], len(table.catalog.labels)
    prepared, groups = prepare_views(
        views, both.y, n_classes, sample_weight=both.weights, groups=both.groups,
        class_weight=weigh_classes(both.y, n_classes, fitted.class_weight_rule, both.weights), kind=fitted.kind,
        standardisation=fitted.standardisation,
    )  # fmt: skip
    (held_out,) = predict_held_out(
        prepared, strength=fitted.strength, seeds=[settings.seed], groups=groups, n_views=len(views),
        n_averaged=table.n_averaged, progress=progress,
    )  # fmt: skip
    at = np.flatnonzero(held_out.fold >= 0)
    if not len(at):  # each class has one photo, or its photos are one group
        return _score_validation(trained)
    return OutOfFold(
        photos=tuple(both.photos[n] for n in at), y=both.y[at], scores=held_out.scores[at], is_validation=False
    )


def _reuse_choice(trained: TrainedMethod) -> OutOfFold | None:
    """Return the scores of the heads that chose the strength, and of the first head for the validation photos."""
    choice, table = trained.fitted.choice, trained.table
    if choice is None or choice.held_out is None:
        return None
    train, validation = table.splits["train"], table.splits["validation"]
    n_train = len(train.y)
    groups = name_groups((*train.photos, *validation.photos))
    if groups is not None and not set(groups[:n_train]).isdisjoint(groups[n_train:]):
        return None  # the first head knows photos of the groups of some validation photos
    scores = choice.held_out.scores.reshape(-1, n_train, len(table.catalog.labels))[: table.n_averaged].mean(axis=0)
    at = np.flatnonzero(choice.held_out.fold[:n_train] >= 0)
    return OutOfFold(
        photos=(*(train.photos[n] for n in at), *validation.photos), y=np.concatenate([train.y[at], validation.y]),
        scores=np.concatenate([scores[at], trained.fitted.head.scores(validation.X)]), is_validation=False,
    )  # fmt: skip


def _score_validation(trained: TrainedMethod) -> OutOfFold | None:
    held = trained.table.splits["validation"]
    if not held.photos:
        return None
    return OutOfFold(photos=held.photos, y=held.y, scores=trained.fitted.head.scores(held.X), is_validation=True)
