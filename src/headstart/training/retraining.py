"""The last step of ``auto``: train the best method again on all training photos, if some were held out to compare."""

from __future__ import annotations

from dataclasses import replace

from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod
from headstart.training.search_state import RetrainingPlan, SearchState, format_estimate

WHAT = "all training photos"


def plan_retraining(state: SearchState, settings: Settings, trained: TrainedMethod) -> RetrainingPlan | None:
    """Return how to train a method again, or None if no photos were held out or there are no test photos."""
    if trained.tuned is None or state.catalog.select("validation") or not state.catalog.select("test"):
        return None
    return RetrainingPlan(settings, trained.tuned.hyperparameters, trained.table.n_averaged > 1)


def estimate_retraining(state: SearchState) -> float:
    """Return the seconds that the planned retraining takes."""
    plan = state.retraining
    if plan is None:
        return 0.0
    settings = replace(plan.settings, average_views=plan.is_averaged)
    n_train = len(state.catalog.select("train"))
    return state.measure.estimate_retraining_seconds(state.runner, settings, plan.hyperparameters, n_train)


def retrain(state: SearchState) -> None:
    """Train the best method again on all training photos, with those that were held out to compare."""
    plan, record = state.retraining, state.record
    if plan is None:
        return None
    method = plan.settings.method
    record.step = f"training {method} again on {WHAT}"
    needed = estimate_retraining(state)
    if needed > record.seconds_left:
        return record.add_reason(
            f"to train {method} again on {WHAT}, including the held-out ones, would take about "
            f"{format_estimate(needed)} more: {record.name_budget(needed)} allows it"
        )
    state.say(f"Training {method} again on {WHAT}: about {format_estimate(needed)}.")
    state.best = state.runner.run_again(plan.settings, plan.hyperparameters, is_averaged=plan.is_averaged)
    return record.add_reason(f"{method} was then trained again on {WHAT}, including the held-out ones")
