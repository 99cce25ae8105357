"""Choose the method: begin with what takes seconds, and go on only where a gain is likely within the time.

Every step is judged on photos that it was not fitted to, and the next one is kept only if it is better by more than
noise. The test photos have no part in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.split import SplitPlan, assign_splits
from headstart.catalog.table import Catalog
from headstart.features.similarity import Similarity, measure_similarity
from headstart.head.strength import choose_strength, hold_out
from headstart.progress import show_progress
from headstart.training.expecting import estimate_seconds
from headstart.training.fitting import prepare_views, weigh_classes
from headstart.training.making import Made, Maker
from headstart.training.settings import Settings
from headstart.training.table import Rows, Table, average_rows
from headstart.tune.torch_door import can_tune

# Of the photos that were held out, so many were wrong: with fewer no other method has more than noise to gain.
FEW_ERRORS = 0.025
FEW_OF_SIMILAR = 0.06  # the same for photos that are like ImageNet's: what the network sees in them is made for such
MANY_PHOTOS = 20_000  # times views: from here on cross-validation of every kind of features takes minutes
NOISE = 1.0  # standard errors by which a slower method must be better
NOISE_OF_FEATURES = (
    2.0  # the best of several is better by chance more often, and prediction takes longer for ever after
)
N_AVERAGED = 4
HELD_OUT = 15  # percent of the training photos, where there is no validation split


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
    """

    method: str
    cut: str
    features: str
    averaged_views: int
    accuracy: float
    judged_by: str
    n: int
    seconds: float
    is_kept: bool = False


def choose_method(maker: Maker, chosen: Settings, say: Callable[[str], None]) -> tuple[Made, dict[str, Any]]:
    """Train by the method that held-out photos say is best, within the time.

    Returns
    -------
    What it made, and the story in plain JSON types: ``budget_s``, ``tried`` (trials in their order), ``why`` it ended
    there, and ``similarity`` to ImageNet if it was measured.
    """
    course = _Choice(maker, replace(chosen, method="fixed"), say)
    made = course.run()
    trials = [asdict(trial) for trial in course.trials]
    return made, {
        "budget_s": chosen.budget_s, "tried": trials, "why": course.why, "similarity": course.similarity
    }  # fmt: skip


class _Choice:
    def __init__(self, maker: Maker, chosen: Settings, say: Callable[[str], None]) -> None:
        self._maker, self._chosen, self._say = maker, chosen, say
        self._began = time.perf_counter()
        self.trials: list[Trial] = []
        self.why = ""
        self.similarity: float | None = None
        self._is_symmetric = False  # whether mirrored and turned photos were named no worse when answers were averaged

    def run(self) -> Made:
        plain = self._maker.make(self._chosen)
        rows = plain.fitted.choice.table if plain.fitted.choice is not None else ()
        accuracy = next((row.accuracy for row in rows if row.strength == plain.fitted.strength), None)
        n_train = len(plain.table.splits["train"].y)
        if accuracy is None:
            self.why = "there are too few photos to hold some out, so nothing could be compared"
            return plain
        self._note(plain, accuracy, "cross-validation", n_train, self._measure())
        if 1 - accuracy < FEW_ERRORS:
            self.why = (
                f"of the photos that were held out only {1 - accuracy:.1%} were wrong: what is slower has little left "
                "to gain"
            )
            return self._keep(plain)
        return self._keep(self._try_tuning(self._try_features(plain), 1 - accuracy))

    def _try_features(self, plain: Made) -> Made:
        """Try the means of all stages, and answers averaged over symmetric views; judge by cross-validation."""
        train = plain.table.catalog.select("train")
        if len(train) * N_AVERAGED > MANY_PHOTOS:
            return plain
        chosen = replace(self._chosen, features="all", n_views=N_AVERAGED, average_views=True)
        maker = replace(self._maker, catalog=replace(plain.table.catalog, photos=train))
        began = self._measure()
        wide = maker.extract(maker.wide_backbone, chosen, n_views=N_AVERAGED, is_averaged=True)
        self._maker.note_time("extract")
        spent = self._measure() - began
        best, best_right = plain.chosen, _hold_out_photos(plain.table, self._chosen)
        accuracies = []
        for n_views in (1, 2, N_AVERAGED):
            began = self._measure()
            is_right = _hold_out_photos(_narrow(wide, n_views), self._chosen)
            seconds = spent * n_views / N_AVERAGED + self._measure() - began
            trial = Trial(
                "fixed", plain.cut, "all", n_views, float(is_right.mean()), "cross-validation", len(is_right),
                round(seconds, 2),
            )  # fmt: skip
            self.trials.append(trial)
            accuracies.append(trial.accuracy)
            if is_better(is_right, best_right, NOISE_OF_FEATURES):
                best_right = is_right
                best = replace(self._chosen, features="all")
                if n_views > 1:
                    best = replace(best, n_views=n_views, average_views=True)
        self._is_symmetric = accuracies[-1] >= accuracies[0]
        return plain if best is plain.chosen else replace(self._maker, catalog=plain.table.catalog).make(best)

    def _try_tuning(self, fixed: Made, error: float) -> Made:
        """Try to train above a cut; judge by the validation photos."""
        similarity = self._compare(fixed)
        if similarity.is_similar and error < FEW_OF_SIMILAR:
            self.why = (
                f"the photos are like those that the network learned from (similarity {similarity.value:.2f}), and "
                f"only {error:.1%} of those that were held out were wrong: training more of it has little to gain"
            )
            return fixed
        if not can_tune():
            self.why = (
                "hybrid training might gain more, but torch is not installed; install it with: "
                "pip install 'headstart[tune]'"
            )
            return fixed
        best, best_right, maker = fixed, None, self._maker
        above = replace(self._chosen, train_norms=not similarity.is_similar)
        if fixed.chosen.average_views:
            above = replace(above, n_views=fixed.table.n_averaged, average_views=True)
        elif self._is_symmetric and not similarity.is_similar:  # what is trained on all views gains more by the average
            above = replace(above, n_views=N_AVERAGED, average_views=True)
        for method in ("hybrid", "finetune"):
            chosen = replace(above, method=method)
            needed = estimate_seconds(self._maker, chosen, len(fixed.table.splits["train"].y))
            left = max(0.0, self._chosen.budget_s - self._measure())
            if needed > left:
                self.why = (
                    f"{method} would take about {_say_seconds(needed)}, and {_say_seconds(left)} of the budget were "
                    f"left; --budget {int((self._measure() + needed) // 60) + 1}m allows it"
                )
                return best
            self._say(f"Going on with {method}: about {_say_seconds(needed)}.")
            if best_right is None:
                maker, best_right = self._prepare_validation(fixed)
            began = self._measure()
            tuned = maker.make(chosen)
            is_right = _judge(tuned)
            self._note(tuned, float(is_right.mean()), "validation", len(is_right), self._measure() - began)
            if not is_better(is_right, best_right, NOISE):
                self.why = f"{method} was not better on the validation photos by more than noise"
                return best
            best, best_right = tuned, is_right
        self.why = "every method was tried that could gain more"
        return best

    def _compare(self, made: Made) -> Similarity:
        with show_progress("Comparing with ImageNet", is_shown=self._maker.verbose) as progress:
            similarity = measure_similarity(
                made.table.catalog.select("train"), self._maker.backbone, image_size=self._maker.image_size,
                progress=progress,
            )  # fmt: skip
        self.similarity = round(similarity.value, 4)
        return similarity

    def _prepare_validation(self, fixed: Made) -> tuple[Maker, npt.NDArray[np.bool_]]:
        """Return what to train above a cut with, and which validation photos the best so far names right.

        Where there is no validation split some training photos are held out, and the best so far is fitted to the rest
        to be compared on them.
        """
        catalog, rival, began = fixed.table.catalog, fixed, self._measure()
        if not catalog.select("validation"):
            catalog = hold_out_validation(catalog, self._chosen.seed)
            rival = replace(self._maker, catalog=catalog).make(fixed.chosen)
        is_right = _judge(rival)
        self._note(rival, float(is_right.mean()), "validation", len(is_right), self._measure() - began)
        return replace(self._maker, catalog=catalog), is_right

    def _note(self, made: Made, accuracy: float, judged_by: str, n: int, seconds: float) -> None:
        self.trials.append(
            Trial(
                made.chosen.method, made.cut, made.chosen.features, made.table.n_averaged, accuracy, judged_by, n,
                round(seconds, 2),
            )
        )  # fmt: skip

    def _keep(self, made: Made) -> Made:
        """Mark the trials of what is kept."""
        kept = (made.chosen.method, made.chosen.features, made.table.n_averaged)
        self.trials = [
            replace(trial, is_kept=(trial.method, trial.features, trial.averaged_views) == kept)
            for trial in self.trials
        ]
        return made

    def _measure(self) -> float:
        return time.perf_counter() - self._began


def is_better(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_], n_errors: float) -> bool:
    """Say whether one classifier is right more often than another on the same photos, by so many standard errors.

    Only the photos on which they differ tell (McNemar 1947).

    Examples
    --------
    >>> right = np.ones(100, bool)
    >>> is_better(right, np.arange(100) > 8, 2.0), is_better(right, np.arange(100) > 1, 2.0)
    (True, False)
    """
    gained, lost = int((one & ~other).sum()), int((other & ~one).sum())
    return bool(gained - lost > n_errors * np.sqrt(gained + lost))


def hold_out_validation(catalog: Catalog, seed: int) -> Catalog:
    """Return the catalog with some of its training photos as validation photos."""
    plan = SplitPlan("train", {"train": 100 - HELD_OUT, "validation": HELD_OUT})
    photos, skipped = assign_splits(catalog.photos, plan, seed)
    note = f"{HELD_OUT}% of the training photos were held out for validation, to compare methods."
    return replace(catalog, photos=tuple(photos), skipped=(*catalog.skipped, *skipped), notes=(*catalog.notes, note))


def _judge(made: Made) -> npt.NDArray[np.bool_]:
    rows = made.table.splits["validation"]
    return np.asarray(made.fitted.head.scores(rows.X).argmax(1) == rows.y)


def _narrow(table: Table, n_views: int) -> Table:
    """Return a table with the first views of each photo alone."""

    def narrow(rows: Rows) -> Rows:
        views = rows.views[:n_views]
        return replace(rows, X=average_rows(views) if n_views > 1 else views[0], views=views)

    return replace(table, splits={name: narrow(rows) for name, rows in table.splits.items()}, n_averaged=n_views)


def _hold_out_photos(table: Table, chosen: Settings) -> npt.NDArray[np.bool_]:
    """Return which training photos are named right by heads that were fitted to others of them."""
    train, n_classes = table.splits["train"], len(table.catalog.labels)
    weights = weigh_classes(train.y, n_classes, chosen.class_weight, train.weights)
    prepared, groups = prepare_views(
        train.views, train.y, n_classes, class_weight=weights, sample_weight=train.weights, groups=train.groups
    )
    strength = choose_strength(prepared, seed=chosen.seed, groups=groups).strength
    held = hold_out(
        prepared, strength=strength, seeds=[chosen.seed], groups=groups, n_views=len(train.views),
        n_averaged=table.n_averaged,
    )[0]  # fmt: skip
    return held.is_right


def _say_seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
