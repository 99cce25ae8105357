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
from headstart.head.strength import choose_strength, hold_out
from headstart.training.expecting import estimate_seconds
from headstart.training.fitting import prepare_views, weigh_classes
from headstart.training.making import Made, Maker, fit_table
from headstart.training.settings import Settings
from headstart.training.table import Rows, Table, average_rows
from headstart.tune.torch_door import can_tune

# Of the photos that were held out, so many were wrong: with fewer no other method has more than noise to gain.
FEW_ERRORS = 0.025
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
    What it made, and the story in plain JSON types: ``budget_s``, ``tried`` (trials in their order), and ``why`` it
    ended there.
    """
    course = _Choice(maker, replace(chosen, method="fixed"), say)
    made = course.run()
    trials = [asdict(trial) for trial in course.trials]
    return made, {"budget_s": chosen.budget_s, "tried": trials, "why": course.why}


class _Choice:
    def __init__(self, maker: Maker, chosen: Settings, say: Callable[[str], None]) -> None:
        self._maker, self._chosen, self._say = maker, chosen, say
        self._began = time.perf_counter()
        self.trials: list[Trial] = []
        self.why = ""

    def run(self) -> Made:
        made = self._maker.make(self._chosen)
        table = made.table
        train = table.splits["train"]
        row = (
            next((row for row in made.fitted.choice.table if row.strength == made.fitted.strength), None)
            if made.fitted.choice
            else None
        )
        if row is None:
            self.why = "there are too few photos to hold some out, so nothing could be compared"
            return made
        self._note(made, row.accuracy, "cross-validation", len(train.y), self._measure())
        if 1 - row.accuracy < FEW_ERRORS:
            self.why = (
                f"of the photos that were held out only {1 - row.accuracy:.1%} were wrong: what is slower has little "
                "left to gain"
            )
            return self._keep(made)
        made = self._try_features(made)
        return self._keep(self._try_tuning(made))

    def _try_features(self, plain: Made) -> Made:
        """Try the means of all stages, and answers averaged over symmetric views."""
        if len(plain.table.splits["train"].y) * N_AVERAGED > MANY_PHOTOS:
            return plain
        began = self._measure()
        chosen = replace(self._chosen, features="all", n_views=N_AVERAGED, average_views=True)
        wide = self._maker.extract(self._maker.wide_backbone, chosen, n_views=N_AVERAGED, is_averaged=True)
        self._maker.note_time("extract")
        n_last = plain.table.splits["train"].X.shape[1]
        candidates = [(features, n_views) for features in ("last", "all") for n_views in (1, 2, 4)]
        judged: dict[tuple[str, int], npt.NDArray[np.bool_]] = {}
        for features, n_views in candidates:
            judged[features, n_views] = _hold_out_photos(
                _narrow(wide, n_last if features == "last" else None, n_views), self._chosen
            )
        spent = (self._measure() - began) / (len(candidates) - 1)
        best = max(candidates, key=lambda c: judged[c].mean())
        if not is_better(judged[best], judged["last", 1], NOISE_OF_FEATURES):
            best = ("last", 1)
        for features, n_views in candidates[1:]:
            is_right = judged[features, n_views]
            self.trials.append(
                Trial(
                    "fixed",
                    plain.cut,
                    features,
                    n_views,
                    float(is_right.mean()),
                    "cross-validation",
                    len(is_right),
                    round(spent, 2),
                )
            )
        if best == ("last", 1):
            return plain
        features, n_views = best
        chosen = replace(self._chosen, features=features)
        if n_views > 1:
            chosen = replace(chosen, n_views=n_views, average_views=True)
        table = _narrow(wide, n_last if features == "last" else None, n_views)
        table = replace(table, n_extracted=plain.table.n_extracted, n_cached=plain.table.n_cached)
        backbone = self._maker.wide_backbone if features == "all" else self._maker.backbone
        made = Made(chosen, plain.cut, backbone, table, fit_table(table, chosen))
        self._maker.note_time("fit")
        return made

    def _try_tuning(self, made: Made) -> Made:
        if not can_tune():
            self.why = (
                "hybrid training might gain more, but torch is not installed; install it with: "
                "pip install 'headstart[tune]'"
            )
            return made
        n_views = max(2, made.chosen.n_averaged) if made.chosen.average_views else None
        best, fixed = made, made
        for method in ("hybrid", "finetune"):
            chosen = replace(self._chosen, method=method, n_views=n_views, average_views=n_views is not None)
            needed = estimate_seconds(self._maker, chosen, len(made.table.splits["train"].y))
            left = self._chosen.budget_s - self._measure()
            if needed > left:
                self.why = (
                    f"{method} would take about {_say_seconds(needed)}, and {_say_seconds(max(left, 0))} of the budget "
                    f"were left; --budget {_say_budget(self._measure() + needed)} allows it"
                )
                break
            self._say(f"Going on with {method}: about {_say_seconds(needed)}.")
            began = self._measure()
            maker, fixed = self._with_validation(fixed)
            tuned = maker.make(chosen)
            spent = self._measure() - began
            rights = [_judge(some) for some in (tuned, best)]
            if not self.trials or self.trials[-1].judged_by != "validation":
                self._note(
                    best if best is not made else fixed, float(_judge(fixed).mean()), "validation", len(rights[1]), 0.0
                )
            self._note(tuned, float(rights[0].mean()), "validation", len(rights[0]), spent)
            if not is_better(rights[0], rights[1], NOISE):
                self.why = f"{method} was not better on the validation photos by more than noise"
                break
            best = tuned
            self.why = f"{method} was better on the validation photos by more than noise"
        return best

    def _with_validation(self, made: Made) -> tuple[Maker, Made]:
        """Return what to train above a cut with: photos are held out if there is no validation split."""
        catalog = made.table.catalog
        if catalog.select("validation"):
            return replace(self._maker, catalog=catalog), made
        held = hold_out_validation(catalog, self._chosen.seed)
        maker = replace(self._maker, catalog=held)
        return maker, maker.make(made.chosen)

    def _note(self, made: Made, accuracy: float, judged_by: str, n: int, seconds: float) -> None:
        self.trials.append(
            Trial(
                made.chosen.method, made.cut, made.chosen.features, made.table.n_averaged, accuracy, judged_by, n,
                round(seconds, 2),
            )
        )  # fmt: skip

    def _keep(self, made: Made) -> Made:
        """Mark the last trial of what is kept."""
        key = (made.chosen.method, made.chosen.features, made.table.n_averaged)
        at = max(n for n, t in enumerate(self.trials) if (t.method, t.features, t.averaged_views) == key)
        self.trials[at] = replace(self.trials[at], is_kept=True)
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


def _narrow(table: Table, n_last: int | None, n_views: int) -> Table:
    """Return a table with the last features of each row alone, or all (None), and the first views."""

    def narrow(rows: Rows) -> Rows:
        views = rows.views[:n_views, :, -n_last if n_last else 0 :]
        return Rows(rows.photos, average_rows(views) if n_views > 1 else np.ascontiguousarray(views[0]), rows.y, views)

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


def _say_budget(seconds: float) -> str:
    return f"{int(seconds // 60) + 1}m"
