"""Choose the method: start with the fastest, and go on only where a gain is likely within the budget.

Every step is judged on photos that it was not fitted to, and is kept only if it is better by more than noise. There is
one exception: if the photos are unlike ImageNet, hybrid training is kept unless it is worse by more than noise, because
a gain is expected there (docs/decisions/0013-advice.md). The test photos are not used. Steps that a later one is likely
to replace are left out (docs/decisions/0050-auto-in-three-minutes.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from headstart.errors import HeadstartError
from headstart.methods.fixed_choice import FEW_ERRORS
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import AUTO_BACKBONE, Settings
from headstart.methods.trained_method import TrainedMethod
from headstart.process.interrupts import listen_for_ctrl_c
from headstart.training import trials
from headstart.training.auto_record import AutoRecord
from headstart.training.expectations import FEW_OF_SIMILAR
from headstart.training.feature_trials import CHEAP_S, estimate_features_seconds, measure_symmetry, try_features
from headstart.training.measurements import Measurements
from headstart.training.network_trials import try_side_by_side
from headstart.training.retraining import retrain
from headstart.training.search_state import SearchState
from headstart.training.trials import IsRight
from headstart.training.tuning_trials import TuningTrials

FEWEST_JUDGED = 10  # held-out photos; fewer show nothing
TOO_FEW = "there are too few photos or groups to hold some out, so no methods could be compared"


def choose_method(
    runner: MethodRunner, settings: Settings, say: Callable[[str], None], measurements: Measurements | None = None
) -> tuple[TrainedMethod, dict[str, Any]]:
    """Train by the method that is best on held-out photos, within the budget.

    Returns
    -------
    The trained method, and the record in plain JSON types: ``budget_s``, ``tried`` (trials in their order), ``why`` the
    search ended, and ``similarity`` to ImageNet if it was measured.
    """
    measure = measurements or Measurements()
    record = AutoRecord(settings.budget_s, measure.read_clock)
    fixed = replace(settings, method="fixed", epochs=None, backbone=settings.first_backbone)
    plain = runner.run(fixed)
    state = SearchState(
        runner=runner, catalog=plain.table.catalog, settings=fixed, epochs=settings.epochs, say=say, measure=measure,
        record=record, best=plain,
    )  # fmt: skip
    with listen_for_ctrl_c(interrupts=True) as is_interrupted:
        try:
            _search(state, is_network_asked=settings.backbone == AUTO_BACKBONE)
        except HeadstartError as error:
            _stop_early(state, f"{record.step} failed: {str(error).rstrip('.')}")
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt) and not is_interrupted():
                raise
            resumed = " The same command resumes this one." if runner.context.cache else ""
            say(f"Stopped: the best method so far is kept.{resumed}")
            _stop_early(state, f"{record.step} was stopped")
    # later steps read from the cache what the first step extracted
    table = replace(state.best.table, n_extracted=plain.table.n_extracted, n_cached=plain.table.n_cached)
    trained = replace(state.best, table=table)
    return trained, record.to_dict(trained)


def _search(state: SearchState, *, is_network_asked: bool) -> None:
    """Search for the best method; `SearchState.best` has it also if an error ends the search."""
    plain, record, measure = state.best, state.record, state.measure
    record.step = "judging what was fitted"
    if plain.fitted.choice is None or not any(row.accuracy is not None for row in plain.fitted.choice.table):
        return record.add_reason(TOO_FEW)
    is_right = measure.cross_validate(plain.table, state.settings, plain.fitted.choice)
    if len(is_right) < FEWEST_JUDGED:
        return record.add_reason(TOO_FEW)
    record.add_trial(plain, is_right, judged_by="cross-validation", seconds=record.seconds)
    error = 1 - float(is_right.mean())
    if error < FEW_ERRORS:
        wrong = trials.count_wrong(is_right)
        return record.add_reason(f"{wrong}: slower methods are unlikely to improve this")
    _try_methods(state, is_right, is_network_asked=is_network_asked)
    tuned = state.best.settings.method if state.fixed else None
    if not is_network_asked:
        try_side_by_side(state)
    if tuned:
        told = f"on the validation photos {tuned} was neither better nor worse than fixed by more than noise"
        because = "; it is kept because the photos are unlike ImageNet's" if state.best.tuned else ""
        record.add_reason(told + because)
    return retrain(state)


def _try_methods(state: SearchState, is_right: IsRight, *, is_network_asked: bool) -> None:
    """Try more features, and to train above a cut, in the order of the expected gain per second.

    ``is_right`` is that of the plain head.
    """
    plain, record, measure = state.best, state.record, state.measure
    record.step = "comparing with ImageNet"
    similarity = measure.compare_with_imagenet(replace(state.runner, catalog=state.catalog))
    record.similarity = round(similarity.value, 4)
    is_likely = not similarity.is_similar or 1 - float(is_right.mean()) >= FEW_OF_SIMILAR
    tuning = TuningTrials(state, similarity)
    can_tune = is_likely and measure.can_tune()
    # of dissimilar photos hybrid is nearly always kept, and features that take long are then of no use
    will_tune = can_tune and tuning.can_compare() and tuning.has_time()
    is_first = will_tune and not similarity.is_similar and _would_cost(state)
    accuracy = float(is_right.mean()) if is_first else try_features(state, is_right)
    if will_tune and not similarity.is_similar:
        measure_symmetry(state)
    if is_network_asked:
        accuracy = try_side_by_side(state, is_last=False) or accuracy
    if not is_likely:
        return record.add_reason(
            f"the photos are similar to ImageNet's (similarity {similarity.value:.2f}), and "
            f"{trials.count_wrong(is_right)}: training more of the network is unlikely to improve this"
        )
    if not can_tune:
        return record.add_reason(tuning.offer_torch(accuracy))
    tuning.run()
    if is_first and state.best is plain:
        try_features(state, is_right)
    return None


def _would_cost(state: SearchState) -> bool:
    """Say whether the features of all layers in several views would take long."""
    state.record.step = "taking more features"
    return estimate_features_seconds(state) > CHEAP_S


def _stop_early(state: SearchState, why: str) -> None:
    """Note why the search stopped. Keep every checkpoint on disk, so that the same command resumes it."""
    state.runner.checkpoints.clear()
    state.record.add_reason(why)
