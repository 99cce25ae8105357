"""Choose the method: begin with what takes seconds, and go on only where a gain is likely within the time.

Every step is judged on photos that it was not fitted to, and kept only if it is better by more than noise; where photos
are unlike those that the network learned from, hybrid training need only be no worse by more than noise, for a gain is
what is expected there (docs/decisions/0013-advice.md). The test photos have no part in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from headstart.errors import HeadstartError
from headstart.evaluation.words import format_seconds
from headstart.features.similarity import Similarity, measure_similarity
from headstart.methods.method_runner import MethodRunner, TrainedMethod
from headstart.methods.settings import Settings
from headstart.process.interrupts import interrupt_on_ctrl_c
from headstart.process.progress import show_progress
from headstart.training.auto_record import AutoRecord
from headstart.training.expectations import FEW_OF_SIMILAR, estimate_seconds, estimate_seconds_again
from headstart.training.trials import (
    IsRight,
    Judgement,
    Trial,
    can_compare,
    compare,
    compare_losses,
    drop_average,
    hold_out_validation,
    judge_training,
    judge_validation,
    narrow_table,
)
from headstart.tune.torch_import import can_tune

if TYPE_CHECKING:
    from headstart.tune.hyperparameters import Hyperparameters

_write_estimate = partial(format_seconds, is_estimate=True)

# Of the photos that were held out, so many were wrong: with fewer no other method has more than noise to gain.
FEW_ERRORS = 0.025
FEWEST_JUDGED = 10  # photos; fewer prove nothing, whatever they say
TOO_FEW = "there are too few photos to hold some out, so nothing could be compared"
MANY_PHOTOS = 20_000  # times views: from here on cross-validation of every kind of features takes minutes
# Standard errors by which more must be better. Features and averages: the best of several is better by chance more
# often. Above a cut, by whether photos are similar: the photos that compare have also chosen the best epoch. Hybrid on
# dissimilar photos may seem worse by one.
NOISE_OF_FEATURES = 2.0
NOISE_OF_HYBRID = {True: 2.0, False: -1.0}
NOISE_OF_FINETUNE = {True: 2.0, False: 1.0}
NOISE_OF_SYMMETRY = 1.0
N_AVERAGED = 4


def choose_method(
    runner: MethodRunner, settings: Settings, say: Callable[[str], None]
) -> tuple[TrainedMethod, dict[str, Any]]:
    """Train by the method that held-out photos say is best, within the time.

    Returns
    -------
    The trained method, and the record in plain JSON types: ``budget_s``, ``tried`` (trials in their order), ``why`` the
    search ended, and ``similarity`` to ImageNet if it was measured.
    """
    choice = _MethodChoice(runner, settings, say)
    trained = choice.run()
    return trained, choice.record.to_dict(trained)


@dataclass(frozen=True)
class _RetrainingPlan:
    """How to train again on all training photos: for all epochs, as the method does without validation photos."""

    settings: Settings
    hyperparameters: Hyperparameters
    is_averaged: bool


class _MethodChoice:
    def __init__(self, runner: MethodRunner, settings: Settings, say: Callable[[str], None]) -> None:
        self._runner, self._say = runner, say
        self._settings = replace(settings, method="fixed", epochs=None)
        self._epochs = settings.epochs  # above a cut
        self.record = AutoRecord(settings.budget_s)
        self._again: _RetrainingPlan | None = None
        self._is_symmetric = False  # whether averages over mirrored and turned photos were no worse by more than noise

    def run(self) -> TrainedMethod:
        plain = self._best = self._runner.run(self._settings)
        self._catalog = plain.table.catalog  # without the photos that could not be read
        with interrupt_on_ctrl_c() as is_interrupted:
            try:
                self._go_on()
            except HeadstartError as error:  # what is there already is not lost
                self._cut_short(f"{self.record.step} failed: {str(error).rstrip('.')}")
            except BaseException as error:
                if not isinstance(error, KeyboardInterrupt) and not is_interrupted():
                    raise
                kept = " The same command goes on from where this one was." if self._runner.context.cache else ""
                self._say(f"Keeping what was best so far.{kept}")
                self._cut_short(f"{self.record.step} was stopped by Ctrl-C")
        # later steps find what the first one extracted in the cache
        table = replace(self._best.table, n_extracted=plain.table.n_extracted, n_cached=plain.table.n_cached)
        return replace(self._best, table=table)

    def _go_on(self) -> None:
        plain, self.record.step = self._best, "judging what was fitted"
        if plain.fitted.choice is None or not any(row.accuracy is not None for row in plain.fitted.choice.table):
            return self.record.end(TOO_FEW)
        is_right = judge_training(plain.table, self._settings)
        if len(is_right) < FEWEST_JUDGED:
            return self.record.end(TOO_FEW)
        self.record.note(plain, is_right, "cross-validation", self.record.seconds)
        error = 1 - float(is_right.mean())
        if error < FEW_ERRORS:
            return self.record.end(
                f"of the photos that were held out only {error:.1%} were wrong: what is slower has little left to gain"
            )
        self._try_features(is_right)
        self._try_tuning(error)
        return self._train_on_all()

    def _try_features(self, is_right: IsRight) -> None:
        """Try the means of all stages, and answers averaged over symmetric views; judge by cross-validation."""
        plain, self.record.step = self._best, "taking more features"
        train = self._catalog.select("train")
        settings = replace(self._settings, features="all", n_views=N_AVERAGED, average_views=True)
        runner = replace(self._runner, catalog=replace(self._catalog, photos=train))
        if (
            len(train) * N_AVERAGED > MANY_PHOTOS
            or estimate_seconds(runner, settings, len(train)) > self.record.seconds_left
        ):
            return
        began = self.record.seconds
        wide = runner.extract(runner.wide_backbone, settings, n_views=N_AVERAGED, is_averaged=True)
        self._runner.note_time("extract")
        spent = self.record.seconds - began
        best, best_right = plain.settings, is_right
        rights = []
        for n_views in (1, 2, N_AVERAGED):
            began = self.record.seconds
            is_right = judge_training(narrow_table(wide, n_views), self._settings)
            rights.append(is_right)
            seconds = spent * n_views / N_AVERAGED + self.record.seconds - began
            trial = Trial(
                "fixed", plain.cut, "all", n_views, float(is_right.mean()), "cross-validation", len(is_right),
                round(seconds, 2), *compare(is_right, best_right, NOISE_OF_FEATURES),
            )  # fmt: skip
            self.record.trials.append(trial)
            if trial.is_better:
                best_right = is_right
                best = replace(self._settings, features="all")
                if n_views > 1:
                    best = replace(best, n_views=n_views, average_views=True)
        lost, needed = compare(rights[0], rights[-1], NOISE_OF_SYMMETRY)
        self._is_symmetric = lost < needed
        if best is not plain.settings:
            self._best = replace(self._runner, catalog=self._catalog).run(best)

    def _try_tuning(self, error: float) -> None:
        """Try to train above a cut; judge by the validation photos."""
        fixed, self.record.step = self._best, "comparing with ImageNet"
        similarity = self._compare(fixed)
        if similarity.is_similar and error < FEW_OF_SIMILAR:
            return self.record.end(
                f"the photos are like those that the network learned from (similarity {similarity.value:.2f}), and "
                f"only {error:.1%} of those that were held out were wrong: training more of it has little to gain"
            )
        if not can_tune():
            return self.record.end(
                "hybrid training might gain more, but torch is not installed; install it with: "
                "pip install 'headstart[tune]'"
            )
        runner = self._hold_out()
        if not can_compare(runner.catalog):
            return self.record.end(
                f"there are too few validation photos ({len(runner.catalog.select('validation'))}), or none of some "
                "class, to compare more with it"
            )
        rival = None
        for method, noise in (("hybrid", NOISE_OF_HYBRID), ("finetune", NOISE_OF_FINETUNE)):
            self.record.step = f"timing {method}"
            settings = replace(self._choose_above(fixed, similarity), method=method)
            needed, reserved = estimate_seconds(runner, settings, len(runner.catalog.select("train"))), self._reserve()
            if needed + reserved > self.record.seconds_left:
                beside = " beside training again what is best so far" if reserved else ""
                left = _write_estimate(max(0.0, self.record.seconds_left - reserved))
                return self.record.end(
                    f"{method} would take about {_write_estimate(needed)}, and {left} of the budget were left{beside}; "
                    f"{self.record.name_budget(needed + reserved)} allows it"
                )
            self._say(f"Going on with {method}: about {_write_estimate(needed)}.")
            self.record.step = method
            rival = rival or self._judge_rival(fixed, runner)
            began = self.record.seconds
            trained = drop_average(runner.run_tuned(settings))
            judgement = judge_validation(trained)
            is_start = trained.tuning_result.best_epoch == 0  # which is what was there, and not to be compared with it
            # a gain is expected of whole trainings
            n_errors = max(0.0 if trained.tuning_result.is_stopped else -math.inf, noise[similarity.is_similar])
            compared = (None, None) if is_start else compare_losses(judgement, rival, n_errors)
            trial = self.record.note(trained, judgement.is_right, "validation", self.record.seconds - began, compared)
            if trial.is_better:
                self._best, rival = trained, judgement
                self._again = self._plan_again(settings, trained)
            if trained.tuning_result.is_stopped:
                raise KeyboardInterrupt
            why = _say_why_no_better(method, trained, trial, n_errors)
            if why:
                return self.record.end(why)
        return self.record.end("every method was tried that could gain more")

    def _plan_again(self, settings: Settings, trained: TrainedMethod) -> _RetrainingPlan | None:
        """Return how to train it again, if photos were held out only to compare, and others are there to judge it."""
        if trained.tuned is None or self._catalog.select("validation") or not self._catalog.select("test"):
            return None
        return _RetrainingPlan(settings, trained.tuned.hyperparameters, trained.table.n_averaged > 1)

    def _reserve(self) -> float:
        """Return the seconds that training again what is best would take."""
        if self._again is None:
            return 0.0
        n_train = len(self._catalog.select("train"))
        settings = replace(self._again.settings, average_views=self._again.is_averaged)
        return estimate_seconds_again(self._runner, settings, self._again.hyperparameters, n_train)

    def _train_on_all(self) -> None:
        """Train what is best again with the photos that were held out to compare, if others are there to judge it."""
        again, what = self._again, "all training photos"
        if again is None:
            return None
        method = again.settings.method
        self.record.step = f"training {method} again on {what}"
        needed = self._reserve()
        if needed > self.record.seconds_left:
            return self.record.end(
                f"to train {method} again on {what}, those held out among them, would take about "
                f"{_write_estimate(needed)} more: {self.record.name_budget(needed)} allows it"
            )
        self._say(f"Training {method} again on {what}: about {_write_estimate(needed)}.")
        self._best = self._runner.run_again(again.settings, again.hyperparameters, is_averaged=again.is_averaged)
        return self.record.end(f"{method} was then trained again on {what}, those held out among them")

    def _cut_short(self, why: str) -> None:
        """Note why it ends before its end; whoever gives the command again goes on from every checkpoint."""
        self._runner.checkpoints.clear()
        self.record.end(why)

    def _choose_above(self, fixed: TrainedMethod, similarity: Similarity) -> Settings:
        """Return the settings above a cut; the average over views is dropped later if it is no better."""
        settings = replace(self._settings, train_norms=not similarity.is_similar, epochs=self._epochs)
        if self._is_symmetric and not similarity.is_similar:
            return replace(settings, n_views=N_AVERAGED, average_views=True)
        if fixed.settings.average_views:
            return replace(settings, n_views=fixed.table.n_averaged, average_views=True)
        return settings

    def _compare(self, trained: TrainedMethod) -> Similarity:
        with show_progress("Comparing with ImageNet", is_shown=self._runner.context.verbose) as progress:
            similarity = measure_similarity(
                trained.table.catalog.select("train"), self._runner.backbone, progress=progress
            )
        self.record.similarity = round(similarity.value, 4)
        return similarity

    def _hold_out(self) -> MethodRunner:
        """Return what to train with above a cut: some photos are held out where there is no validation split."""
        catalog = self._catalog
        if not catalog.select("validation"):
            catalog = hold_out_validation(catalog, self._settings.seed)
        return replace(self._runner, catalog=catalog)

    def _judge_rival(self, fixed: TrainedMethod, runner: MethodRunner) -> Judgement:
        """Return how the best so far does on the validation photos, fitted to none of them."""
        began = self.record.seconds
        rival = fixed if self._catalog.select("validation") else runner.run(fixed.settings)
        judgement = judge_validation(rival)
        self.record.note(rival, judgement.is_right, "validation", self.record.seconds - began)
        return judgement


def _say_why_no_better(method: str, trained: TrainedMethod, trial: Trial, n_errors: float) -> str | None:
    if trained.tuning_result.best_epoch == 0:
        by_noise = " by more than noise" if trained.tuned and trained.tuned.hyperparameters.n_errors else ""
        return f"no epoch of {method} was better on the validation photos than its start{by_noise}"
    if trial.is_better:
        return None
    how = "not better by as much as it takes" if n_errors >= 0 else "worse by more than noise"
    return f"{method} was {how} on the validation photos"
