"""Choose the method: begin with what takes seconds, and go on only where a gain is likely within the time.

Every step is judged on photos that it was not fitted to, and the next one is kept only if it is better by more than
noise. The test photos have no part in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from headstart.errors import HeadstartError
from headstart.features.similarity import Similarity, measure_similarity
from headstart.progress import show_progress
from headstart.training.expecting import FEW_OF_SIMILAR, estimate_seconds, expect_gain
from headstart.training.making import Made, Maker
from headstart.training.settings import Settings
from headstart.training.trials import (
    IsRight,
    Trial,
    can_compare,
    compare,
    drop_average,
    hold_out_validation,
    judge_training,
    judge_validation,
    narrow_table,
)
from headstart.tune.torch_door import can_tune

# Of the photos that were held out, so many were wrong: with fewer no other method has more than noise to gain.
FEW_ERRORS = 0.025
MANY_PHOTOS = 20_000  # times views: from here on cross-validation of every kind of features takes minutes
# Standard errors by which more must be better. Features and averages: the best of several is better by chance more
# often. Above a cut: the photos that compare have also chosen the best epoch; but where photos are dissimilar half of
# all true gains would be missed by two (docs/decisions/0013-advice.md).
NOISE_OF_FEATURES = 2.0
NOISE_OF_TUNING = {True: 2.0, False: 1.0}  # by whether the photos are similar
N_AVERAGED = 4


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
        self._tried: dict[str, Settings] = {}  # above a cut
        self._is_symmetric = False  # whether averages over mirrored and turned photos were no worse by more than noise
        self._step = ""  # what is being done, for the story

    def run(self) -> Made:
        self._best = self._maker.make(self._chosen)
        try:
            self._go_on()
        except HeadstartError as error:  # what is there already is not lost
            self._end(f"{self._step} failed: {str(error).rstrip('.')}")
        except KeyboardInterrupt:
            self._say("Keeping what was best so far; Ctrl-C once more ends without it.")
            self._end(f"{self._step} was stopped by Ctrl-C")
        return self._keep()

    def _go_on(self) -> None:
        plain, self._step = self._best, "judging what was fitted"
        if plain.fitted.choice is None or not any(row.accuracy is not None for row in plain.fitted.choice.table):
            return self._end("there are too few photos to hold some out, so nothing could be compared")
        is_right = judge_training(plain.table, self._chosen)
        self._note(plain, is_right, "cross-validation", self._measure())
        error = 1 - float(is_right.mean())
        if error < FEW_ERRORS:
            return self._end(
                f"of the photos that were held out only {error:.1%} were wrong: what is slower has little left to gain"
            )
        self._try_features(is_right)
        self._try_tuning(error)
        return self._train_on_all()

    def _try_features(self, is_right: IsRight) -> None:
        """Try the means of all stages, and answers averaged over symmetric views; judge by cross-validation."""
        plain, self._step = self._best, "taking more features"
        train = plain.table.catalog.select("train")
        chosen = replace(self._chosen, features="all", n_views=N_AVERAGED, average_views=True)
        maker = replace(self._maker, catalog=replace(plain.table.catalog, photos=train))
        if len(train) * N_AVERAGED > MANY_PHOTOS or estimate_seconds(maker, chosen, len(train)) > self._left():
            return
        began = self._measure()
        wide = maker.extract(maker.wide_backbone, chosen, n_views=N_AVERAGED, is_averaged=True)
        self._maker.note_time("extract")
        spent = self._measure() - began
        best, best_right = plain.chosen, is_right
        rights = []
        for n_views in (1, 2, N_AVERAGED):
            began = self._measure()
            is_right = judge_training(narrow_table(wide, n_views), self._chosen)
            rights.append(is_right)
            seconds = spent * n_views / N_AVERAGED + self._measure() - began
            trial = Trial(
                "fixed", plain.cut, "all", n_views, float(is_right.mean()), "cross-validation", len(is_right),
                round(seconds, 2), *compare(is_right, best_right, NOISE_OF_FEATURES),
            )  # fmt: skip
            self.trials.append(trial)
            if trial.is_better:
                best_right = is_right
                best = replace(self._chosen, features="all")
                if n_views > 1:
                    best = replace(best, n_views=n_views, average_views=True)
        gain, noise = compare(rights[-1], rights[0], NOISE_OF_FEATURES)
        self._is_symmetric = gain >= -noise
        if best is not plain.chosen:
            self._best = replace(self._maker, catalog=plain.table.catalog).make(best)

    def _try_tuning(self, error: float) -> None:
        """Try to train above a cut; judge by the validation photos."""
        fixed, self._step = self._best, "comparing with ImageNet"
        similarity = self._compare(fixed)
        if similarity.is_similar and error < FEW_OF_SIMILAR:
            return self._end(
                f"the photos are like those that the network learned from (similarity {similarity.value:.2f}), and "
                f"only {error:.1%} of those that were held out were wrong: training more of it has little to gain"
            )
        if not can_tune():
            return self._end(
                "hybrid training might gain more, but torch is not installed; install it with: "
                "pip install 'headstart[tune]'"
            )
        maker = self._hold_out(fixed)
        if not can_compare(maker.catalog):
            return self._end(
                f"there are too few validation photos ({len(maker.catalog.select('validation'))}), or none of some "
                "class, to compare more with it"
            )
        best_right = None
        for method in ("hybrid", "finetune"):
            chosen = replace(self._choose_above(fixed, similarity), method=method)
            needed, reserved = estimate_seconds(maker, chosen, len(maker.catalog.select("train"))), self._reserve()
            if needed + reserved > self._left():
                beside = " beside training again what is best so far" if reserved else ""
                return self._end(
                    f"{method} would take about {_say_seconds(needed)}, and "
                    f"{_say_seconds(max(0.0, self._left() - reserved))} of the budget were left{beside}; "
                    f"{self._name_budget(needed + reserved)} allows it"
                )
            self._say(f"Going on with {method}: about {_say_seconds(needed)}.")
            self._tried[method], self._step = chosen, method
            best_right = self._judge_rival(fixed, maker) if best_right is None else best_right
            began = self._measure()
            tuned = drop_average(maker.make(chosen))
            is_right = judge_validation(tuned)
            expected = expect_gain(similarity, error) if method == "hybrid" else None
            compared = compare(is_right, best_right, NOISE_OF_TUNING[similarity.is_similar], expected)
            trial = self._note(tuned, is_right, "validation", self._measure() - began, compared)
            if trial.is_better:
                self._best, best_right = tuned, is_right
            if tuned.tuned is not None and tuned.tuned.tuned.is_stopped:
                raise KeyboardInterrupt
            if not trial.is_better:
                return self._end(f"{method} was not better on the validation photos by more than noise")
        return self._end("every method was tried that could gain more")

    def _can_train_again(self) -> bool:
        """Say whether photos that were held out to compare can be trained on, others being there to judge it."""
        catalog, tuned = self._maker.catalog, self._best.tuned
        is_held_out = not catalog.select("validation") and bool(catalog.select("test"))
        return is_held_out and tuned is not None and tuned.tuned.best_epoch > 0

    def _reserve(self) -> float:
        """Return the seconds that training again what is best would take."""
        tuned = self._best.tuned
        if tuned is None or not self._can_train_again():
            return 0.0
        chosen, n_train = self._tried[self._best.chosen.method], len(self._maker.catalog.select("train"))
        return estimate_seconds(self._maker, chosen, n_train, last_epoch=tuned.tuned.best_epoch)

    def _train_on_all(self) -> None:
        """Train what is best again on all training photos.

        The held-out photos have said after which epoch it is best, and how confident it may be.
        """
        best = self._best
        if best.tuned is None or not self._can_train_again():
            return None
        chosen, what = self._tried[best.chosen.method], "all training photos"
        self._step = f"training it again on {what}"
        needed = self._reserve()
        if needed > self._left():
            return self._end(
                f"to train {chosen.method} again on {what}, those held out among them, would take about "
                f"{_say_seconds(needed)} more: {self._name_budget(needed)} allows it"
            )
        self._say(f"Training {chosen.method} again on {what}: about {_say_seconds(needed)}.")
        again = self._maker.make_tuned(
            chosen, is_averaged=best.chosen.average_views, last_epoch=best.tuned.tuned.best_epoch
        )
        if again.tuned is None or again.tuned.tuned.is_stopped:
            raise KeyboardInterrupt
        factor = best.tuned.tuned.factor
        self._best = replace(again, fitted=replace(again.fitted, head=again.fitted.head.scale(factor)))
        return self._end(f"what was kept was then trained again on {what}, those held out among them")

    def _end(self, why: str) -> None:
        """Note why it ends here, after what was noted already."""
        self.why += f"; {why}" if self.why else why

    def _choose_above(self, fixed: Made, similarity: Similarity) -> Settings:
        """Return the settings above a cut; the average over views is dropped later if it is no better."""
        chosen = replace(self._chosen, train_norms=not similarity.is_similar)
        if fixed.chosen.average_views:
            return replace(chosen, n_views=fixed.table.n_averaged, average_views=True)
        if self._is_symmetric and not similarity.is_similar:
            return replace(chosen, n_views=N_AVERAGED, average_views=True)
        return chosen

    def _compare(self, made: Made) -> Similarity:
        with show_progress("Comparing with ImageNet", is_shown=self._maker.verbose) as progress:
            similarity = measure_similarity(made.table.catalog.select("train"), self._maker.backbone, progress=progress)
        self.similarity = round(similarity.value, 4)
        return similarity

    def _hold_out(self, fixed: Made) -> Maker:
        """Return what to train with above a cut: some photos are held out where there is no validation split."""
        catalog = fixed.table.catalog
        if not catalog.select("validation"):
            catalog = hold_out_validation(catalog, self._chosen.seed)
        return replace(self._maker, catalog=catalog)

    def _judge_rival(self, fixed: Made, maker: Maker) -> IsRight:
        """Return which validation photos the best so far names right, fitted to none of them."""
        began = self._measure()
        rival = fixed if fixed.table.catalog.select("validation") else maker.make(fixed.chosen)
        is_right = judge_validation(rival)
        self._note(rival, is_right, "validation", self._measure() - began)
        return is_right

    def _note(
        self, made: Made, is_right: IsRight, judged_by: str, seconds: float,
        compared: tuple[int | None, float | None] = (None, None),
    ) -> Trial:  # fmt: skip
        trial = Trial(
            made.chosen.method, made.cut, made.chosen.features, made.table.n_averaged, float(is_right.mean()),
            judged_by, len(is_right), round(seconds, 2), *compared,
        )  # fmt: skip
        self.trials.append(trial)
        return trial

    def _keep(self) -> Made:
        """Mark the trials of what is kept, and return it."""
        made = self._best
        kept = (made.chosen.method, made.chosen.features, made.table.n_averaged)
        self.trials = [
            replace(trial, is_kept=(trial.method, trial.features, trial.averaged_views) == kept)
            for trial in self.trials
        ]
        return made

    def _measure(self) -> float:
        return time.perf_counter() - self._began

    def _name_budget(self, needed: float) -> str:
        return f"--budget {int((self._measure() + needed) // 60) + 1}m"

    def _left(self) -> float:
        return max(0.0, self._chosen.budget_s - self._measure())


def _say_seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
