"""What ``auto`` tried, what it cost and why it ended, as the report tells it."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, replace
from typing import Any

from headstart.methods.method_runner import TrainedMethod
from headstart.training.trials import IsRight, Trial


class AutoRecord:
    """The record of one choice, and its clock.

    Attributes
    ----------
    trials
        In their order.
    why
        It ended there.
    similarity
        To ImageNet, if it was measured.
    step
        What is being done.
    """

    def __init__(self, budget_s: float) -> None:
        self._budget_s, self._began = budget_s, time.perf_counter()
        self.trials: list[Trial] = []
        self.why, self.step = "", ""
        self.similarity: float | None = None

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self._began

    @property
    def seconds_left(self) -> float:
        """Of the budget."""
        return max(0.0, self._budget_s - self.seconds)

    def name_budget(self, needed: float) -> str:
        """Return the option that allows so many seconds more."""
        return f"--budget {int((self.seconds + needed) // 60) + 1}m"

    def note(
        self, trained: TrainedMethod, is_right: IsRight, judged_by: str, seconds: float,
        compared: tuple[float | None, float | None] = (None, None),
    ) -> Trial:  # fmt: skip
        """Note what was tried, and return it; a comparison that gave no number is none."""
        if any(value is not None and not math.isfinite(value) for value in compared):
            compared = (None, None)
        trial = Trial(
            trained.settings.method, trained.cut, trained.settings.features, trained.table.n_averaged,
            float(is_right.mean()), judged_by, len(is_right), round(seconds, 2), *compared,
        )  # fmt: skip
        self.trials.append(trial)
        return trial

    def end(self, why: str) -> None:
        """Note why it ends here, after what was noted already."""
        self.why += f"; {why}" if self.why else why

    def to_dict(self, kept: TrainedMethod) -> dict[str, Any]:
        """Return it in plain JSON types, what is kept being marked."""
        facts = (kept.settings.method, kept.settings.features, kept.table.n_averaged)
        tried = [
            asdict(replace(trial, is_kept=(trial.method, trial.features, trial.averaged_views) == facts))
            for trial in self.trials
        ]
        return {"budget_s": self._budget_s, "tried": tried, "why": self.why, "similarity": self.similarity}
