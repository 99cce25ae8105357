"""Compare the networks that are installed, by cross-validation: MobileNetV2 alone, and another network beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from headstart.errors import MissingExtraError
from headstart.evaluation.notes import Note
from headstart.methods.fixed_choice import FEW_ERRORS
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import FIRST_BACKBONE, Settings
from headstart.methods.trained_method import TrainedMethod
from headstart.process.torch_command import name_torch_command
from headstart.training import trials
from headstart.training.retraining import estimate_retraining
from headstart.training.search_state import SearchState, format_estimate
from headstart.training.side_by_side import SIDE_BY_SIDE, find_runner, plan_side_by_side
from headstart.training.trials import ValidationResult

SLOWER = f"takes about three times as long for a photo as {FIRST_BACKBONE}"
# Standard errors that a gain must exceed, in photos that are right or in the log loss; the other must not be worse.
NOISE_OF_NETWORKS = 2.0


@dataclass(frozen=True, slots=True)
class NetworkComparison:
    """How much better the networks side by side are than the best so far, on held-out photos.

    Attributes
    ----------
    gain, needed, unit
        The gain and the noise that it must exceed, in ``photos`` that are right or in ``nats`` of the log loss.
    is_better
        Whether the networks side by side are better by more than noise.
    """

    gain: float
    needed: float
    unit: str
    is_better: bool

    @property
    def why(self) -> str:
        """The result as a part of a sentence."""
        told = (
            f"{self.gain:+,.0f} right, {self.needed:,.0f} needed" if self.unit == "photos" else
            f"log loss lower by {self.gain:.3f}, {self.needed:.3f} needed"
        )  # fmt: skip
        verdict = f"better by more than noise in cross-validation ({told})"
        return f"{SIDE_BY_SIDE} was {verdict}, and {SLOWER}" if self.is_better else f"{SIDE_BY_SIDE} was not {verdict}"


def compare_networks(result: ValidationResult, held: ValidationResult) -> NetworkComparison:
    """Compare the held-out predictions of the networks side by side with those of the best so far.

    Neither measure detects every gain: with few photos the log loss is sharper, with few that are far off the accuracy.

    Examples
    --------
    >>> import numpy as np
    >>> right, losses = np.ones(100, bool), np.linspace(0.1, 0.3, 100)
    >>> held = ValidationResult(np.arange(100) > 8, losses + 0.1)
    >>> compare_networks(ValidationResult(right, losses), held).why.partition(", and")[0]
    'mobilenet_v2+efficientnet_lite1 was better by more than noise in cross-validation (+9 right, 7 needed)'
    """
    more, n_needed = trials.compare_accuracy(result.is_right, held.is_right, NOISE_OF_NETWORKS, held.units)
    gain, needed = trials.compare_losses(result, held, NOISE_OF_NETWORKS)
    if gain > needed and 0 <= more < n_needed:
        return NetworkComparison(gain, needed, "nats", is_better=True)
    return NetworkComparison(more, n_needed, "photos", is_better=more >= n_needed and gain >= 0)


def choose_network(runner: MethodRunner, settings: Settings) -> tuple[TrainedMethod, str, tuple[Note, ...]]:
    """Train ``fixed`` with MobileNetV2, and with another network beside it; keep the better by cross-validation.

    The networks side by side are slower, so their log loss must be lower by more than noise. They are not tried if few
    held-out photos are wrong, or if the extra is missing.

    Returns
    -------
    The training with the network that is kept, the reason as a part of a sentence, and notes for the user.
    """
    first = replace(settings, backbone=settings.first_backbone)
    trained = runner.run(first)
    trained = replace(trained, candidates=_name_network(trained, is_kept=True))
    held = trials.judge_held_out(trained)
    if not len(held.is_right):
        return trained, "no photos could be held out to compare networks", ()
    if 1 - float(held.is_right.mean()) < FEW_ERRORS:
        return trained, f"{trials.count_wrong(held.is_right)}: a larger network is not needed", ()
    if runner.stored is not None:
        return trained, "the features were computed before, with this network", ()
    planned = plan_side_by_side(first)
    try:
        larger = find_runner(runner, first, planned)
    except MissingExtraError as error:
        text = _explain_missing(error)
        return trained, text, (Note("missing-extra", f"{text[0].upper()}{text[1:]}.", "warning"),)
    other = larger.run(planned)
    compared = compare_networks(trials.judge_held_out(other), held)
    is_better = compared.is_better
    candidates = (*_name_network(trained, is_kept=not is_better), *_name_network(other, is_kept=is_better))
    return replace(other if is_better else trained, candidates=candidates), compared.why, ()


def try_side_by_side(state: SearchState, *, is_last: bool = True) -> float | None:
    """Try another network beside that of the search: the last step of ``auto``, or before training above a cut.

    Return its accuracy in cross-validation if it is kept, else None. It is tried only if a gain is likely: not after a
    training above a cut that is better than the frozen network by more than noise.
    """
    settings, record = state.settings, state.record
    base = state.best if state.best.tuned is None else state.fixed
    if base is None or not state.measure.can_try_side_by_side(state.runner, settings):
        return None
    held = state.measure.judge_held_out(base)
    if not len(held.is_right) or 1 - float(held.is_right.mean()) < FEW_ERRORS:
        return None
    record.step = f"trying {SIDE_BY_SIDE}"
    planned = plan_side_by_side(settings)
    try:
        runner = state.measure.find_runner(state.runner, settings, planned)
    except MissingExtraError as error:
        record.add_reason(_explain_missing(error))
        return None
    runner = replace(runner, catalog=state.catalog)
    needed_s = state.measure.estimate_seconds(runner, planned, len(state.catalog.select("train")))
    reserved_s = estimate_retraining(state)
    if needed_s + reserved_s > record.seconds_left:
        record.add_reason(
            f"to try {SIDE_BY_SIDE} would take about {format_estimate(needed_s)}; "
            f"{record.name_budget(needed_s + reserved_s)} allows it"
        )
        return None
    state.say(f"Trying {SIDE_BY_SIDE}: about {format_estimate(needed_s)}.")
    started = record.seconds
    trained = runner.run(planned)
    result = state.measure.judge_held_out(trained)
    compared = compare_networks(result, held)
    trial = record.add_trial(
        trained, result.is_right, judged_by="cross-validation", seconds=record.seconds - started, unit=compared.unit,
        comparison=(compared.gain, compared.needed),
    )  # fmt: skip
    if is_last or not compared.is_better:  # else the methods that follow say how the search ended
        record.add_reason(compared.why)
    if not compared.is_better:
        return None
    state.best, state.fixed, state.retraining = trained, None, None
    return trial.accuracy


def _explain_missing(error: MissingExtraError) -> str:
    """Say what would be tried, and how to install it."""
    command, build = name_torch_command(error.extra or "efficientnet")
    return (
        f"{SIDE_BY_SIDE} would be tried, too, but it is not installed; install it{f' ({build})' if build else ''} "
        f"with: {command}"
    )


def _name_network(trained: TrainedMethod, *, is_kept: bool) -> tuple[dict[str, Any], ...]:
    """Return the records of the candidates of a training with the network, which is kept or not."""
    return tuple(
        one | {"backbone": trained.settings.backbone, "is_kept": one["is_kept"] and is_kept}
        for one in trained.candidates
    )
