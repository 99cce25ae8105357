"""Compare methods on photos that none of them was fitted to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from headstart.catalog.catalog import Catalog
from headstart.catalog.split import SplitPlan, assign_splits
from headstart.evaluation.notes import Note
from headstart.evaluation.words import explain_start
from headstart.head.regularisation import StrengthChoice, choose_strength, predict_held_out
from headstart.head.temperature import choose_factor, compute_log_losses
from headstart.methods.feature_table import FeatureTable, SplitFeatures, average_rows
from headstart.methods.fixed_choice import judge_candidate
from headstart.methods.head_fitting import prepare_views, weigh_classes
from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod

HELD_OUT = 15  # percent of the training photos that are held out if there is no validation split
FEWEST_HELD_OUT = 20  # on fewer photos the difference between methods is noise
NOISE_OF_AVERAGE = -1.0  # standard errors by which an average over views may be worse: a gain is expected of it
IsRight = npt.NDArray[np.bool_]
Units = npt.NDArray[np.int64] | None
Comparison = tuple[float, float] | tuple[None, None]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One method, or one kind of features, that ``auto`` has tried.

    Attributes
    ----------
    method, cut, features, averaged_views
        Settings of the trial.
    accuracy
        Accuracy on photos that it was not fitted to.
    judged_by
        Which photos these are: ``cross-validation`` (training photos) or ``validation``.
    n
        Number of these photos.
    seconds
        Duration.
    backbone
        Name of the network.
    unit
        Unit of the gain: ``photos`` that are predicted right, or ``nats`` of the mean log loss.
    gain, needed
        Gain over the best trial before it, and the gain that is needed to replace it. None for the first trial.
    is_kept
        Whether the result of ``auto`` is this trial.
    """

    method: str
    cut: str
    features: str
    averaged_views: int
    accuracy: float
    judged_by: str
    n: int
    seconds: float
    backbone: str
    unit: str
    gain: float | None = None
    needed: float | None = None
    is_kept: bool = False

    @property
    def is_better(self) -> bool:
        """Whether the gain over the best trial before it is large enough."""
        return self.gain is not None and self.needed is not None and self.gain >= self.needed


def compare_accuracy(one: IsRight, other: IsRight, n_errors: float, units: Units = None) -> tuple[int, int]:
    """Compare two classifiers by the photos that only one of them predicts right (McNemar 1947).

    Photos of one unit, such as a group, are not independent: only the sum over a unit counts (Liang and Zeger 1986).

    Returns
    -------
    How many more photos the first classifier predicts right, and how many more are needed to exceed ``n_errors``
    standard errors. With 0, equal accuracy is enough.

    Examples
    --------
    >>> right = np.ones(100, bool)
    >>> compare_accuracy(right, np.arange(100) > 8, 2.0), compare_accuracy(right, np.arange(100) > 0, 2.0)
    ((9, 7), (1, 3))
    >>> compare_accuracy(right, np.arange(100) > 8, 2.0, np.arange(100) // 3)
    (9, 11)
    """
    gain = one.astype(np.int64) - other
    by_unit = gain if units is None else np.bincount(units, gain)
    return int(gain.sum()), math.floor(n_errors * math.sqrt(float(by_unit @ by_unit))) + 1 if n_errors else 0


def count_wrong(is_right: IsRight) -> str:
    """Say how many held-out photos were wrong, as the beginning of a sentence."""
    n, n_wrong = len(is_right), int((~is_right).sum())
    if n_wrong == 0:
        return f"all {n:,} held-out photos were right"
    return f"only {n_wrong:,} of {n:,} held-out photos {'was' if n_wrong == 1 else 'were'} wrong"


@dataclass(frozen=True, eq=False)
class ValidationResult:
    """Predictions for N held-out photos: whether each is right, and the log losses in nats of calibrated scores.

    ``units`` are the numbers of their groups; None: each photo is a fact of its own.
    """

    is_right: IsRight
    losses: npt.NDArray[np.float64]
    units: Units = None


def compare_losses(one: ValidationResult, other: ValidationResult, n_errors: float) -> tuple[float, float]:
    """Compare two classifiers by their mean log loss.

    On a few hundred photos this detects smaller differences than the accuracy does.

    Returns
    -------
    How much lower the loss of the first classifier is, and how much lower it must be: by ``n_errors`` standard errors
    of the mean difference. Below 0, the loss may be higher by as many.

    Examples
    --------
    >>> right = np.ones(4, bool)
    >>> one = ValidationResult(right, np.array([0.1, 0.2, 0.3, 0.2]))
    >>> other = ValidationResult(right, np.array([0.3, 0.4, 0.3, 0.4]))
    >>> [round(value, 3) for value in compare_losses(one, other, 2.0)]
    [0.15, 0.1]
    """
    gain = other.losses - one.losses
    rest = gain - gain.mean()
    by_unit = rest if one.units is None else np.bincount(one.units, rest)
    n_units = len(by_unit)
    # of independent photos this is the usual standard error of a mean; one has none
    error = math.sqrt(n_units / (n_units - 1) * float(by_unit @ by_unit)) / len(gain) if n_units > 1 else math.inf
    return float(gain.mean()), float(n_errors * error)


def hold_out_validation(catalog: Catalog, seed: int) -> Catalog:
    """Return the catalog with validation photos: its own, or some of its training photos."""
    if catalog.select("validation"):
        return catalog
    plan = SplitPlan("train", {"train": 100 - HELD_OUT, "validation": HELD_OUT})
    photos, skipped = assign_splits(catalog.photos, plan, seed)
    note = Note("held-out", f"{HELD_OUT}% of the training photos were held out for validation, to compare methods.")
    return replace(catalog, photos=tuple(photos), skipped=(*catalog.skipped, *skipped), notes=(*catalog.notes, note))


def can_compare(catalog: Catalog) -> bool:
    """Say whether there are enough validation photos, of every class, to compare methods."""
    held_out = catalog.select("validation")
    return len(held_out) >= FEWEST_HELD_OUT and {photo.label for photo in held_out} == set(catalog.labels)


def judge_on_validation(trained: TrainedMethod) -> ValidationResult:
    """Predict the validation photos, with calibrated scores."""
    validation = trained.table.splits["validation"]
    scores = trained.fitted.head.scores(validation.X)
    losses = compute_log_losses(choose_factor(scores, validation.y) * scores, validation.y)
    units = number_groups(validation, len(validation.y))
    return ValidationResult(np.asarray(scores.argmax(1) == validation.y), losses, units)


def number_groups(split: SplitFeatures, n_judged: int) -> Units:
    """Return the numbers of the groups of the photos that were judged; None: there are none, or not all were judged."""
    groups = split.groups
    return None if groups is None or len(groups) != n_judged else np.unique(groups, return_inverse=True)[1]


def judge_by_cross_validation(table: FeatureTable, settings: Settings, choice: StrengthChoice | None) -> IsRight:
    """Predict each training photo by a head that was fitted without it. Return (N,) whether each prediction is right.

    Photos that no head could predict are left out. They are the same photos for all features of a catalog. If these
    heads were already fitted, to choose the strength, ``choice`` has their predictions.
    """
    train, n_classes = table.splits["train"], len(table.catalog.labels)
    if choice is not None and choice.held_out is not None:
        fold, n = choice.held_out.fold[: len(train.y)], table.n_averaged
        scores = choice.held_out.scores.reshape(-1, len(train.y), n_classes)[:n].mean(axis=0)
        return np.asarray(scores.argmax(1) == train.y)[fold >= 0]
    weights = weigh_classes(train.y, n_classes, settings.class_weight, train.weights)
    prepared, groups = prepare_views(
        train.views, train.y, n_classes, class_weight=weights, sample_weight=train.weights, groups=train.groups,
        kind=settings.first_head,
    )  # fmt: skip
    strength = choose_strength(prepared, seed=settings.seed, groups=groups).strength
    held = predict_held_out(
        prepared, strength=strength, seeds=[settings.seed], groups=groups, n_views=len(train.views),
        n_averaged=table.n_averaged,
    )[0]  # fmt: skip
    return held.is_right[held.fold >= 0]


def judge_held_out(trained: TrainedMethod) -> ValidationResult:
    """Return the predictions of training photos by the heads that chose its strength, each fitted without the photo.

    Empty if none could be held out.
    """
    judged = judge_candidate(trained.table, trained.settings, trained.fitted, 0.0)
    return ValidationResult(judged.is_right, judged.losses, judged.units)


def narrow_table(table: FeatureTable, n_views: int) -> FeatureTable:
    """Return the table with the first ``n_views`` views of each photo only."""

    def narrow(split: SplitFeatures) -> SplitFeatures:
        views = split.views[:n_views]
        return replace(split, X=average_rows(views) if n_views > 1 else views[0], views=views)

    return replace(table, splits={name: narrow(split) for name, split in table.splits.items()}, n_averaged=n_views)


def drop_average(
    trained: TrainedMethod, validate: Callable[[TrainedMethod], ValidationResult] = judge_on_validation
) -> TrainedMethod:
    """Predict without averaging over views if the average has a log loss that is higher by more than noise.

    The validation photos judge it. An average is expected to gain, and a few hundred photos do not always show it.
    Averaging over V views makes prediction V times slower.
    """
    if trained.table.n_averaged == 1:
        return trained
    settings = replace(trained.settings, average_views=False, n_views=None)
    single = replace(trained, settings=settings, table=narrow_table(trained.table, 1))
    gain, needed = compare_losses(validate(trained), validate(single), NOISE_OF_AVERAGE)
    return trained if gain > needed else single


def explain_rejection(trained: TrainedMethod, trial: Trial, n_errors: float) -> str | None:
    """Return why a training above a cut was not kept, or None if it was."""
    method = trial.method
    if trained.tuning_result.best_epoch == 0:
        needed = trained.tuned.hyperparameters.n_errors if trained.tuned else 0.0
        return explain_start(needed, of=f" of {method}", on=" on the validation photos")
    if trial.is_better:
        return None
    how = "not clearly better" if n_errors >= 0 else "worse by more than noise"
    return f"{method} was {how} on the validation photos"
