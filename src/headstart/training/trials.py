"""Compare methods on photos that none of them was fitted to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from headstart.catalog.catalog import Catalog
from headstart.catalog.split import SplitPlan, assign_splits
from headstart.evaluation.notes import Note
from headstart.head.regularisation import choose_strength, predict_held_out
from headstart.methods.feature_table import FeatureTable, SplitFeatures, average_rows
from headstart.methods.head_fitting import prepare_views, weigh_classes
from headstart.methods.method_runner import TrainedMethod
from headstart.methods.settings import Settings
from headstart.tune.temperature import choose_factor, compute_log_losses

HELD_OUT = 15  # percent of the training photos, where there is no validation split
FEWEST_HELD_OUT = 20  # on fewer photos the methods cannot be told apart
IsRight = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Trial:
    """One thing that was tried.

    Attributes
    ----------
    accuracy
        On photos that it was not fitted to: by cross-validation, or on the validation photos.
    judged_by
        ``cross-validation`` or ``validation``.
    n
        The number of these photos.
    gain, needed
        By cross-validation, how many more of them it named right than the best before it, and how many it took to be
        kept; by validation, by how much lower its mean log loss was, in nats, and how much it took. None where nothing
        was before it.
    """

    method: str
    cut: str
    features: str
    averaged_views: int
    accuracy: float
    judged_by: str
    n: int
    seconds: float
    gain: float | None = None
    needed: float | None = None
    is_kept: bool = False

    @property
    def is_better(self) -> bool:
        """Whether it was better than the best before it by as much as it takes."""
        return self.gain is not None and self.needed is not None and self.gain >= self.needed


def compare(one: IsRight, other: IsRight, n_errors: float) -> tuple[int, int]:
    """Return how many more of the same photos one classifier names right than another, and how many it takes.

    Only the photos on which they differ tell (McNemar 1947).

    Parameters
    ----------
    n_errors
        It takes more than so many standard errors; with none it takes as many right.

    Examples
    --------
    >>> right = np.ones(100, bool)
    >>> compare(right, np.arange(100) > 8, 2.0), compare(right, np.arange(100) > 0, 2.0)
    ((9, 7), (1, 3))
    """
    gained, lost = int((one & ~other).sum()), int((other & ~one).sum())
    return gained - lost, math.floor(n_errors * math.sqrt(gained + lost)) + 1 if n_errors else 0


@dataclass(frozen=True, eq=False)
class Judgement:
    """How a classifier did on the validation photos.

    Attributes
    ----------
    is_right
        (N,) bool.
    losses
        (N,) float64: log losses in nats, of scores as confident as they should be.
    """

    is_right: IsRight
    losses: npt.NDArray[np.float64]


def compare_losses(one: Judgement, other: Judgement, n_errors: float) -> tuple[float, float]:
    """Return by how much the mean log loss of one classifier is lower than another's, and how much it takes.

    On a few hundred photos it tells more than how many are right, most of which two classifiers have in common.

    Parameters
    ----------
    n_errors
        It takes so many standard errors of the mean difference; below 0 it may be higher by as many.

    Examples
    --------
    >>> right = np.ones(4, bool)
    >>> one, other = Judgement(right, np.array([0.1, 0.2, 0.3, 0.2])), Judgement(right, np.array([0.3, 0.4, 0.3, 0.4]))
    >>> [round(value, 3) for value in compare_losses(one, other, 2.0)]
    [0.15, 0.1]
    """
    gain = other.losses - one.losses
    error = gain.std(ddof=1) / math.sqrt(len(gain)) if len(gain) > 1 else math.inf  # one photo shows no noise
    return float(gain.mean()), float(n_errors * error)


def hold_out_validation(catalog: Catalog, seed: int) -> Catalog:
    """Return the catalog with some of its training photos as validation photos."""
    plan = SplitPlan("train", {"train": 100 - HELD_OUT, "validation": HELD_OUT})
    photos, skipped = assign_splits(catalog.photos, plan, seed)
    text = f"{HELD_OUT}% of the training photos were held out for validation, to compare methods."
    note = Note("held-out", text)
    return replace(catalog, photos=tuple(photos), skipped=(*catalog.skipped, *skipped), notes=(*catalog.notes, note))


def can_compare(catalog: Catalog) -> bool:
    """Say whether there are enough validation photos, of every class, to compare methods on."""
    held_out = catalog.select("validation")
    return len(held_out) >= FEWEST_HELD_OUT and {photo.label for photo in held_out} == set(catalog.labels)


def judge_validation(trained: TrainedMethod) -> Judgement:
    """Judge on the validation photos, with the confidence set right, as it is in every classifier that is kept."""
    rows = trained.table.splits["validation"]
    scores = trained.fitted.head.scores(rows.X)
    losses = compute_log_losses(choose_factor(scores, rows.y) * scores, rows.y)
    return Judgement(np.asarray(scores.argmax(1) == rows.y), losses)


def judge_training(table: FeatureTable, settings: Settings) -> IsRight:
    """Return which training photos are named right by heads that were fitted to others of them, (N,) bool.

    Photos that no head could judge are left out: the same ones for any features.
    """
    train, n_classes = table.splits["train"], len(table.catalog.labels)
    weights = weigh_classes(train.y, n_classes, settings.class_weight, train.weights)
    prepared, groups = prepare_views(
        train.views, train.y, n_classes, class_weight=weights, sample_weight=train.weights, groups=train.groups
    )
    strength = choose_strength(prepared, seed=settings.seed, groups=groups).strength
    held = predict_held_out(
        prepared, strength=strength, seeds=[settings.seed], groups=groups, n_views=len(train.views),
        n_averaged=table.n_averaged,
    )[0]  # fmt: skip
    return held.is_right[held.fold >= 0]


def narrow_table(table: FeatureTable, n_views: int) -> FeatureTable:
    """Return a table with the first views of each photo alone."""

    def narrow(rows: SplitFeatures) -> SplitFeatures:
        views = rows.views[:n_views]
        return replace(rows, X=average_rows(views) if n_views > 1 else views[0], views=views)

    return replace(table, splits={name: narrow(rows) for name, rows in table.splits.items()}, n_averaged=n_views)


def drop_average(trained: TrainedMethod) -> TrainedMethod:
    """Return what a method made without averaging over views, unless the average has a lower log loss.

    Prediction takes so many times as long with it.
    """
    if trained.table.n_averaged == 1:
        return trained
    single = take_single_view(trained)
    gain, needed = compare_losses(judge_validation(trained), judge_validation(single), 0.0)
    return trained if gain > needed else single


def take_single_view(trained: TrainedMethod) -> TrainedMethod:
    """Return what a method made without averaging over views."""
    settings = replace(trained.settings, average_views=False, n_views=None)
    return replace(trained, settings=settings, table=narrow_table(trained.table, 1))
