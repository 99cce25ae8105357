"""The steps of ``auto`` that train above a cut: hybrid, and finetune where it can gain more than hybrid."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

from headstart.features.similarity import Similarity
from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod
from headstart.training import trials
from headstart.training.expectations import LARGE, Expectation, expect_accuracy
from headstart.training.retraining import estimate_retraining, plan_retraining
from headstart.training.search_state import N_AVERAGED, SearchState, format_estimate
from headstart.training.torch_offer import offer_torch
from headstart.training.trials import ValidationResult

# Standard errors that a gain must exceed, by whether photos are similar to ImageNet. The photos that compare have also
# chosen the best epoch. Below 0: hybrid on dissimilar photos may be worse by one standard error.
NOISE_OF_HYBRID = {True: 2.0, False: -1.0}
NOISE_OF_GAIN = 1.0  # standard errors: with less, more from the frozen network may still be better
NOISE_OF_FINETUNE = {True: 2.0, False: 1.0}
LONG_SHOT = 0.1  # of the budget: finetune may take it where hybrid is expected to gain more
AT_LEAST = 3  # times the seconds of hybrid that finetune takes (11 on coffee leaves), known without timing its steps


class TuningTrials:
    """Tries hybrid, and then finetune, on validation photos."""

    def __init__(self, state: SearchState, similarity: Similarity) -> None:
        self._state, self._similarity = state, similarity
        self._hybrid_s = 0.0
        catalog = trials.hold_out_validation(state.catalog, state.settings.seed)
        self._runner = replace(state.runner, catalog=catalog)

    def can_compare(self) -> bool:
        """Say whether there are enough validation photos."""
        return trials.can_compare(self._runner.catalog)

    def has_time(self) -> bool:
        """Say whether the budget allows hybrid, in several views if the photos may allow that."""
        settings = replace(self._plan("hybrid", self._state.best), n_views=N_AVERAGED, average_views=True)
        n_train = len(self._runner.catalog.select("train"))
        return self._state.measure.estimate_seconds(self._runner, settings, n_train) <= self._state.record.seconds_left

    def run(self) -> None:
        """Try the methods in turn, until one is not better. Note why the trials ended."""
        state, record = self._state, self._state.record
        if not self.can_compare():
            return record.add_reason(
                f"there are too few validation photos ({len(self._runner.catalog.select('validation'))}), or none of "
                "some class, to compare other methods"
            )
        # results on the validation photos, without which all are fitted
        fixed, fixed_result, best = state.best, None, None
        for method, noise in (("hybrid", NOISE_OF_HYBRID), ("finetune", NOISE_OF_FINETUNE)):
            record.step = f"timing {method}"
            settings = self._plan(method, fixed)
            if not self._is_allowed(settings):
                return None
            record.step = method
            fixed_result = fixed_result or self._validate_fixed(fixed)
            best = best or fixed_result
            started = record.seconds
            trained = trials.drop_average(self._runner.run_tuned(settings), state.measure.validate)
            result = state.measure.validate(trained)
            # a training that was stopped must not be worse, even where noise would be allowed
            n_errors = max(0.0 if trained.tuning_result.is_stopped else -math.inf, noise[self._similarity.is_similar])
            is_start = trained.tuning_result.best_epoch == 0  # the start is the best so far: nothing to compare
            trial = record.add_trial(
                trained, result.is_right, judged_by="validation", seconds=record.seconds - started,
                comparison=(None, None) if is_start else trials.compare_losses(result, best, n_errors),
            )  # fmt: skip
            if trial.is_better:
                state.best, best = trained, result
                gain, noise_of_gain = trials.compare_losses(result, fixed_result, NOISE_OF_GAIN)
                state.fixed = None if gain > noise_of_gain else fixed
                state.retraining = plan_retraining(state, settings, trained)
            if trained.tuning_result.is_stopped:
                raise KeyboardInterrupt
            why = trials.explain_rejection(trained, trial, n_errors)
            if why:
                return record.add_reason(why)
        return record.add_reason("every method that could gain more was tried")

    def offer_torch(self, accuracy: float) -> str:
        """Return what hybrid would gain on the best so far, which has this ``accuracy`` in cross-validation."""
        train = self._state.catalog.select("train")
        counts = Counter(photo.label for photo in train)
        expected = expect_accuracy(
            "hybrid", fixed=accuracy, n_judged=len(train), guess=max(counts.values()) / len(train),
            n_per_class=len(train) / len(counts), similarity=self._similarity,
        )  # fmt: skip
        runner = replace(self._state.runner, catalog=self._state.catalog)
        seconds = self._state.measure.estimate_seconds(runner, self._plan("hybrid", self._state.best), len(train))
        return offer_torch("hybrid", Expectation(*expected, seconds), accuracy=accuracy)

    def _plan(self, method: str, fixed: TrainedMethod) -> Settings:
        """Return the settings above a cut. `drop_average` drops averaging over views if it does not help."""
        state, is_similar = self._state, self._similarity.is_similar
        settings = replace(
            state.settings, method=method, features="last", head="logistic", train_norms=not is_similar,
            epochs=state.epochs,
        )  # fmt: skip
        if state.is_symmetric and not is_similar:
            return replace(settings, n_views=N_AVERAGED, average_views=True)
        if fixed.settings.average_views:
            return replace(settings, n_views=fixed.table.n_averaged, average_views=True)
        return settings

    def _is_allowed(self, settings: Settings) -> bool:
        """Say whether the budget allows a method, and to train the best so far again after it. Note it if not."""
        state, record, method = self._state, self._state.record, settings.method
        n_train = len(self._runner.catalog.select("train"))
        limit_s = (
            LONG_SHOT * state.settings.budget_s if method == "finetune" and self._n_per_class < LARGE else math.inf
        )
        needed = AT_LEAST * self._hybrid_s
        if needed <= limit_s:
            needed = state.measure.estimate_seconds(self._runner, settings, n_train)
        if needed > limit_s:
            record.add_reason(
                f"finetune is unlikely to gain more with {self._n_per_class:,.0f} photos of a class, and would take "
                f"more than {format_estimate(limit_s)}; --method finetune tries it"
            )
            return False
        if method == "hybrid":
            self._hybrid_s = needed
        reserved = estimate_retraining(state)
        if needed + reserved <= record.seconds_left:
            state.say(f"Going on with {method}: about {format_estimate(needed)}.")
            return True
        beside = " after reserving time to train the best method so far again" if reserved else ""
        record.add_reason(
            f"{method} would take about {format_estimate(needed)}, and "
            f"{format_estimate(max(0.0, record.seconds_left - reserved))} of the budget were left{beside}; "
            f"{record.name_budget(needed + reserved)} allows it"
        )
        return False

    @property
    def _n_per_class(self) -> float:
        train = self._state.catalog.select("train")
        return len(train) / len({photo.label for photo in train})

    def _validate_fixed(self, fixed: TrainedMethod) -> ValidationResult:
        """Return the result of the best fixed head, fitted without the validation photos."""
        state, record = self._state, self._state.record
        started = record.seconds
        trained = fixed
        if not state.catalog.select("validation"):
            runner = state.measure.find_runner(state.runner, state.settings, fixed.settings)
            trained = replace(runner, catalog=self._runner.catalog).run(fixed.settings)
        result = state.measure.validate(trained)
        record.add_trial(trained, result.is_right, judged_by="validation", seconds=record.seconds - started)
        return result
