"""Choose the method: start with the fastest, and go on only where a gain is likely within the budget.

Every step is judged on photos that it was not fitted to, and is kept only if it is better by more than noise. There is
one exception: if the photos are unlike ImageNet, hybrid training is kept unless it is worse by more than noise, because
a gain is expected there (docs/decisions/0013-advice.md). The test photos are not used.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from headstart.errors import HeadstartError
from headstart.evaluation.words import format_seconds
from headstart.features.similarity import Similarity
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod
from headstart.process.interrupts import listen_for_ctrl_c
from headstart.training import trials
from headstart.training.auto_record import AutoRecord
from headstart.training.expectations import FEW_OF_SIMILAR, Expectation, expect_accuracy
from headstart.training.measurements import Measurements
from headstart.training.torch_offer import offer_torch
from headstart.training.trials import IsRight, ValidationResult

if TYPE_CHECKING:
    from headstart.tune.hyperparameters import Hyperparameters

_format_estimate = partial(format_seconds, is_estimate=True)

FEW_ERRORS = 0.025  # share of held-out photos; below it, no other method can gain more than noise
FEWEST_JUDGED = 10  # held-out photos; fewer show nothing
TOO_FEW = "there are too few photos or groups to hold some out, so no methods could be compared"
MANY_PHOTOS = 20_000  # photos times views; from here on, cross-validation of every kind of features takes minutes
# Standard errors that a gain must exceed. Features and averages need two: the best of several trials is more often
# better by chance. Above a cut it depends on whether photos are similar to ImageNet, and the photos that compare have
# also chosen the best epoch. Below 0: hybrid on dissimilar photos may be worse by one standard error.
NOISE_OF_FEATURES = 2.0
NOISE_OF_HYBRID = {True: 2.0, False: -1.0}
NOISE_OF_FINETUNE = {True: 2.0, False: 1.0}
NOISE_OF_SYMMETRY = 1.0
N_AVERAGED = 4


def choose_method(
    runner: MethodRunner, settings: Settings, say: Callable[[str], None], measurements: Measurements | None = None
) -> tuple[TrainedMethod, dict[str, Any]]:
    """Train by the method that is best on held-out photos, within the budget.

    Returns
    -------
    The trained method, and the record in plain JSON types: ``budget_s``, ``tried`` (trials in their order), ``why`` the
    search ended, and ``similarity`` to ImageNet if it was measured.
    """
    choice = _MethodChoice(runner, settings, say, measurements or Measurements())
    trained = choice.run()
    return trained, choice.record.to_dict(trained)


@dataclass(frozen=True)
class _RetrainingPlan:
    """How to train again on all training photos: for all epochs, as there are no validation photos to choose one."""

    settings: Settings
    hyperparameters: Hyperparameters
    is_averaged: bool


class _MethodChoice:
    """The search of `choose_method`."""

    def __init__(
        self, runner: MethodRunner, settings: Settings, say: Callable[[str], None], measurements: Measurements
    ) -> None:
        self._runner, self._say, self._measure = runner, say, measurements
        self._settings = replace(settings, method="fixed", epochs=None)
        self._epochs = settings.epochs  # of the methods that train above a cut
        self.record = AutoRecord(settings.budget_s, measurements.read_clock)
        self._retraining: _RetrainingPlan | None = None
        self._is_symmetric = False  # whether averaging over symmetric views is not worse by more than noise

    def run(self) -> TrainedMethod:
        """Search, and return the best. An error or Ctrl-C ends the search and keeps the best so far."""
        plain = self._best = self._runner.run(self._settings)
        self._catalog = plain.table.catalog  # without the photos that cannot be decoded
        with listen_for_ctrl_c(interrupts=True) as is_interrupted:
            try:
                self._search()
            except HeadstartError as error:
                self._stop_early(f"{self.record.step} failed: {str(error).rstrip('.')}")
            except BaseException as error:
                if not isinstance(error, KeyboardInterrupt) and not is_interrupted():
                    raise
                resumed = " The same command resumes this one." if self._runner.context.cache else ""
                self._say(f"Stopped: the best method so far is kept.{resumed}")
                self._stop_early(f"{self.record.step} was stopped")
        # later steps read from the cache what the first step extracted
        table = replace(self._best.table, n_extracted=plain.table.n_extracted, n_cached=plain.table.n_cached)
        return replace(self._best, table=table)

    def _search(self) -> None:
        plain, self.record.step = self._best, "judging what was fitted"
        if plain.fitted.choice is None or not any(row.accuracy is not None for row in plain.fitted.choice.table):
            return self.record.add_reason(TOO_FEW)
        is_right = self._measure.cross_validate(plain.table, self._settings, plain.fitted.choice)
        if len(is_right) < FEWEST_JUDGED:
            return self.record.add_reason(TOO_FEW)
        self.record.add_trial(plain, is_right, judged_by="cross-validation", seconds=self.record.seconds)
        error = 1 - float(is_right.mean())
        if error < FEW_ERRORS:
            wrong = trials.count_wrong(is_right)
            return self.record.add_reason(f"{wrong}: slower methods are unlikely to improve this")
        accuracy = self._try_features(is_right)
        self._try_tuning(error, accuracy, trials.count_wrong(is_right))
        return self._retrain()

    def _try_features(self, is_right: IsRight) -> float:
        """Compare the features of all layers, averaged over symmetric views, with the best so far.

        Return the accuracy of the best, in cross-validation.
        """
        plain, self.record.step = self._best, "taking more features"
        train = self._catalog.select("train")
        settings = replace(
            self._settings, features="wide", head="logistic+ridge", n_views=N_AVERAGED, average_views=True
        )
        runner = replace(self._runner, catalog=replace(self._catalog, photos=train))
        if (
            len(train) * N_AVERAGED > MANY_PHOTOS
            or self._measure.estimate_seconds(runner, settings, len(train)) > self.record.seconds_left
        ):
            return float(is_right.mean())
        started = self.record.seconds
        wide = runner.extract(runner.pool("wide"), settings, n_views=N_AVERAGED, is_averaged=True)
        self._runner.note_time("extract")
        extraction_s = self.record.seconds - started
        best, best_right = plain, is_right
        by_views = []
        for n_views in (1, 2, N_AVERAGED):
            started = self.record.seconds
            chosen = replace(settings, n_views=n_views, average_views=True)
            if n_views == 1:
                chosen = replace(chosen, n_views=None, average_views=False)
            tried = replace(plain, settings=chosen, table=trials.narrow_table(wide, n_views))
            is_right = self._measure.cross_validate(tried.table, chosen, None)
            by_views.append(is_right)
            if n_views == 1 and plain.settings.features == "wide":
                continue  # it is the best so far
            trial = self.record.add_trial(
                tried, is_right, judged_by="cross-validation",
                seconds=extraction_s * n_views / N_AVERAGED + self.record.seconds - started,
                comparison=trials.compare_accuracy(is_right, best_right, NOISE_OF_FEATURES),
            )  # fmt: skip
            if trial.is_better:
                best, best_right = tried, is_right
        lost, needed = trials.compare_accuracy(by_views[0], by_views[-1], NOISE_OF_SYMMETRY)
        self._is_symmetric = lost < needed
        if best is not plain:
            self._best = replace(self._runner, catalog=self._catalog).run(best.settings)
        return float(best_right.mean())

    def _try_tuning(self, error: float, accuracy: float, wrong: str) -> None:
        """Try to train above a cut, if the ``error`` of the plain head, in words ``wrong``, can be lower.

        ``accuracy`` is that of the best features.
        """
        fixed, self.record.step = self._best, "comparing with ImageNet"
        similarity = self._measure.compare_with_imagenet(replace(self._runner, catalog=self._catalog))
        self.record.similarity = round(similarity.value, 4)
        if similarity.is_similar and error < FEW_OF_SIMILAR:
            return self.record.add_reason(
                f"the photos are similar to ImageNet's (similarity {similarity.value:.2f}), and {wrong}: training more "
                "of the network is unlikely to improve this"
            )
        if not self._measure.can_tune():
            return self.record.add_reason(self._offer_torch(fixed, similarity, accuracy))
        runner = replace(self._runner, catalog=trials.hold_out_validation(self._catalog, self._settings.seed))
        if not trials.can_compare(runner.catalog):
            return self.record.add_reason(
                f"there are too few validation photos ({len(runner.catalog.select('validation'))}), or none of some "
                "class, to compare other methods"
            )
        best = None  # result of the best so far, fitted without the validation photos
        for method, noise in (("hybrid", NOISE_OF_HYBRID), ("finetune", NOISE_OF_FINETUNE)):
            self.record.step = f"timing {method}"
            settings = replace(self._plan_tuning(fixed, similarity), method=method)
            if not self._has_time_for(runner, settings):
                return None
            self.record.step = method
            best = best or self._validate_fixed(fixed, runner)
            started = self.record.seconds
            trained = trials.drop_average(runner.run_tuned(settings), self._measure.validate)
            result = self._measure.validate(trained)
            # a training that was stopped must not be worse, even where noise would be allowed
            n_errors = max(0.0 if trained.tuning_result.is_stopped else -math.inf, noise[similarity.is_similar])
            is_start = trained.tuning_result.best_epoch == 0  # the start is the best so far: nothing to compare
            trial = self.record.add_trial(
                trained, result.is_right, judged_by="validation", seconds=self.record.seconds - started,
                comparison=(None, None) if is_start else trials.compare_losses(result, best, n_errors),
            )  # fmt: skip
            if trial.is_better:
                self._best, best = trained, result
                self._retraining = self._plan_retraining(settings, trained)
            if trained.tuning_result.is_stopped:
                raise KeyboardInterrupt
            why = trials.explain_rejection(trained, trial, n_errors)
            if why:
                return self.record.add_reason(why)
        return self.record.add_reason("every method that could gain more was tried")

    def _offer_torch(self, fixed: TrainedMethod, similarity: Similarity, accuracy: float) -> str:
        """Return what hybrid would gain on the best so far, which has this ``accuracy`` in cross-validation."""
        train = self._catalog.select("train")
        counts = Counter(photo.label for photo in train)
        expected = expect_accuracy(
            "hybrid", fixed=accuracy, n_judged=len(train), guess=max(counts.values()) / len(train),
            n_per_class=len(train) / len(counts), similarity=similarity,
        )  # fmt: skip
        settings = replace(self._plan_tuning(fixed, similarity), method="hybrid")
        runner = replace(self._runner, catalog=self._catalog)
        seconds = self._measure.estimate_seconds(runner, settings, len(train))
        return offer_torch("hybrid", Expectation(*expected, seconds), accuracy=accuracy)

    def _plan_tuning(self, fixed: TrainedMethod, similarity: Similarity) -> Settings:
        """Return the settings above a cut. `drop_average` drops averaging over views if it does not help."""
        settings = replace(
            self._settings, features="last", head="logistic", train_norms=not similarity.is_similar, epochs=self._epochs
        )
        if self._is_symmetric and not similarity.is_similar:
            return replace(settings, n_views=N_AVERAGED, average_views=True)
        if fixed.settings.average_views:
            return replace(settings, n_views=fixed.table.n_averaged, average_views=True)
        return settings

    def _has_time_for(self, runner: MethodRunner, settings: Settings) -> bool:
        """Say whether the budget allows a method, and to train the best so far again after it. Note it if not."""
        method, n_train = settings.method, len(runner.catalog.select("train"))
        needed, reserved = self._measure.estimate_seconds(runner, settings, n_train), self._estimate_retraining()
        if needed + reserved <= self.record.seconds_left:
            self._say(f"Going on with {method}: about {_format_estimate(needed)}.")
            return True
        beside = " after reserving time to train the best method so far again" if reserved else ""
        self.record.add_reason(
            f"{method} would take about {_format_estimate(needed)}, and "
            f"{_format_estimate(max(0.0, self.record.seconds_left - reserved))} of the budget were left{beside}; "
            f"{self.record.name_budget(needed + reserved)} allows it"
        )
        return False

    def _validate_fixed(self, fixed: TrainedMethod, runner: MethodRunner) -> ValidationResult:
        """Return the result of the best fixed head, fitted without the validation photos."""
        started = self.record.seconds
        trained = fixed if self._catalog.select("validation") else runner.run(fixed.settings)
        result = self._measure.validate(trained)
        self.record.add_trial(trained, result.is_right, judged_by="validation", seconds=self.record.seconds - started)
        return result

    def _plan_retraining(self, settings: Settings, trained: TrainedMethod) -> _RetrainingPlan | None:
        """Return how to train a method again, or None if no photos were held out or there are no test photos."""
        if trained.tuned is None or self._catalog.select("validation") or not self._catalog.select("test"):
            return None
        return _RetrainingPlan(settings, trained.tuned.hyperparameters, trained.table.n_averaged > 1)

    def _estimate_retraining(self) -> float:
        """Return the seconds that the planned retraining takes."""
        plan = self._retraining
        if plan is None:
            return 0.0
        settings = replace(plan.settings, average_views=plan.is_averaged)
        n_train = len(self._catalog.select("train"))
        return self._measure.estimate_retraining_seconds(self._runner, settings, plan.hyperparameters, n_train)

    def _retrain(self) -> None:
        """Train the best method again on all training photos, with those that were held out to compare."""
        plan, what = self._retraining, "all training photos"
        if plan is None:
            return None
        method = plan.settings.method
        self.record.step = f"training {method} again on {what}"
        needed = self._estimate_retraining()
        if needed > self.record.seconds_left:
            return self.record.add_reason(
                f"to train {method} again on {what}, including the held-out ones, would take about "
                f"{_format_estimate(needed)} more: {self.record.name_budget(needed)} allows it"
            )
        self._say(f"Training {method} again on {what}: about {_format_estimate(needed)}.")
        self._best = self._runner.run_again(plan.settings, plan.hyperparameters, is_averaged=plan.is_averaged)
        return self.record.add_reason(f"{method} was then trained again on {what}, including the held-out ones")

    def _stop_early(self, why: str) -> None:
        """Note why the search stopped. Keep every checkpoint on disk, so that the same command resumes it."""
        self._runner.checkpoints.clear()
        self.record.add_reason(why)
