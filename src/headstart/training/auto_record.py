"""What ``auto`` tried, how long it took and why it stopped, as metrics.json has it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from headstart.methods.trained_method import TrainedMethod
from headstart.training.trials import Comparison, IsRight, Trial


class AutoRecord:
    """The record of one choice of a method, and its clock.

    Attributes
    ----------
    trials, why, similarity
        Trials in their order, reasons why the search ended, and similarity to ImageNet, if it was measured.
    step
        Name of the current step.
    """

    def __init__(self, budget_s: float, read_clock: Callable[[], float] = time.perf_counter) -> None:
        self._budget_s, self._read_clock, self._started = budget_s, read_clock, read_clock()
        self.trials: list[Trial] = []
        self.why, self.step = "", ""
        self.similarity: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self._read_clock() - self._started

    @property
    def seconds_left(self) -> float:
        """Seconds left of the budget."""
        return max(0.0, self._budget_s - self.seconds)

    def name_budget(self, needed_s: float) -> str:
        """Return the option that leaves ``needed_s`` seconds from now."""
        return f"--budget {int((self.seconds + needed_s) // 60) + 1}m"

    def add_trial(
        self, trained: TrainedMethod, is_right: IsRight, *, judged_by: str, seconds: float,
        comparison: Comparison = (None, None), unit: str | None = None,
    ) -> Trial:  # fmt: skip
        """Add a trial and return it. A comparison without finite numbers is left out.

        Its unit is ``photos`` by cross-validation and ``nats`` by validation, unless it is given.
        """
        gain, needed = (
            comparison if all(value is not None and math.isfinite(value) for value in comparison) else 2 * (None,)
        )
        trial = Trial(
            method=trained.settings.method, cut=trained.cut, features=trained.settings.features,
            averaged_views=trained.table.n_averaged, accuracy=float(is_right.mean()), judged_by=judged_by,
            n=len(is_right), seconds=round(seconds, 2), gain=gain, needed=needed, backbone=trained.settings.backbone,
            unit=unit or ("photos" if judged_by == "cross-validation" else "nats"),
        )  # fmt: skip
        self.trials.append(trial)
        return trial

    def add_reason(self, why: str) -> None:
        """Append a reason why auto stopped to ``why``, after a semicolon."""
        self.why += f"; {why}" if self.why else why

    def to_dict(self, kept: TrainedMethod) -> dict[str, Any]:
        """Return the record in plain JSON types. The last trial of what was kept is marked."""
        settings = kept.settings
        facts = (settings.method, settings.features, kept.table.n_averaged, settings.backbone)
        of_kept = [
            n
            for n, one in enumerate(self.trials)
            if (one.method, one.features, one.averaged_views, one.backbone) == facts
        ]
        tried = [asdict(replace(trial, is_kept=n in of_kept[-1:])) for n, trial in enumerate(self.trials)]
        return {"budget_s": self._budget_s, "tried": tried, "why": self.why, "similarity": self.similarity}
