"""The decision of a classifier: the rule that makes an answer of its probabilities, if that is not the most probable.

The pages have the same rule in JavaScript (exports/web/decision.js). Both compute the same steps in float64, so they
agree on every photo.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.spec import find_problems
from headstart.evaluation.words import format_threshold


@dataclass(frozen=True, slots=True)
class MistakeCost:
    """What it costs to answer ``answer`` for a photo of ``label``. All other mistakes cost 1."""

    label: str
    answer: str
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A rule that makes an answer of probabilities: the threshold of one class, or the costs of mistakes.

    With a threshold: if the probability of ``label`` is at least ``threshold``, the answer is this class, else the most
    probable of the others. With costs: the answer has the lowest expected cost.

    Attributes
    ----------
    label, threshold
        Class and its threshold, 0 to 1. None: the rule is made of costs.
    find
        Share of the photos of the class that the threshold was chosen to find, or None.
    costs
        Costs of mistakes other than 1. Empty: the rule is a threshold.
    """

    label: str | None = None
    threshold: float | None = None
    find: float | None = None
    costs: tuple[MistakeCost, ...] = ()

    def decide(self, probabilities: npt.NDArray[Any], labels: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the answers, (N,) class numbers, for (N, C) probabilities. Of equal classes, the first is the answer.

        The expected cost of an answer a is the sum of p(t) cost(t, a) over the classes t other than a. If all costs are
        1, that is 1 - p(a). Each other cost adds (cost - 1) p(t) to it.
        """
        scores = np.array(probabilities, np.float64)
        if self.label is not None and self.threshold is not None:
            k = labels.index(self.label)
            scores[:, k] = np.where(scores[:, k] >= self.threshold, np.inf, -np.inf)
        for cost in self.costs:
            true, answer = labels.index(cost.label), labels.index(cost.answer)
            scores[:, answer] -= (cost.cost - 1.0) * probabilities[:, true].astype(np.float64)
        return np.asarray(scores.argmax(1), np.int64)

    def explain(self, answer: str) -> str:
        """Say why ``answer`` is the answer, although another class is more probable."""
        if self.threshold is None:
            return "by the costs of mistakes"
        side = "at least" if answer == self.label else "less than"
        return f"by the working point of '{self.label}': {side} {format_threshold(self.threshold)}"

    def describe(self) -> str:
        """Say the rule in one sentence."""
        if self.threshold is not None:
            return (
                f"The answer is '{self.label}' if its probability is at least {format_threshold(self.threshold)}, else "
                "the most probable of the other classes."
            )
        shown = [f"'{cost.label}' called '{cost.answer}' {cost.cost:,.10g}" for cost in self.costs[:5]]
        more = f", and {len(self.costs) - 5:,} more" if len(self.costs) > 5 else ""
        return f"The answer has the lowest expected cost: {', '.join(shown)}{more}; any other mistake 1."

    def to_json(self) -> str:
        """Return the rule as JSON for other programs: the record, and the sentence of `describe`."""
        return json.dumps(asdict(self) | {"rule": self.describe()}, sort_keys=True)

    def to_page(self, labels: Sequence[str]) -> dict[str, Any]:
        """Return the rule for the pages: class numbers in place of names, and the texts of `explain`."""
        number = None if self.label is None else labels.index(self.label)
        costs = [[labels.index(cost.label), labels.index(cost.answer), cost.cost] for cost in self.costs]
        reasons = {"reasonFor": self.explain(self.label or ""), "reasonAgainst": self.explain("")}
        return {"number": number, "threshold": self.threshold, "costs": costs, "rule": self.describe(), **reasons}

    @classmethod
    def from_record(cls, record: Any, labels: Sequence[str]) -> Decision:
        """Read a decision from its record in JSON; raise ValueError (the reason alone) if it does not fit."""
        problems = find_problems(record, cls)
        for cost in [] if problems else record["costs"]:
            problems += find_problems(cost, MistakeCost)
        problems = problems or _find_problems(record, labels)
        if problems:
            raise ValueError(f"decision: {'; '.join(problems[:3])}")
        return cls(**record | {"costs": tuple(MistakeCost(**cost) for cost in record["costs"])})


def _find_problems(record: dict[str, Any], labels: Sequence[str]) -> list[str]:
    """List the wrong values of a record whose fields have the right types."""
    label, threshold, find, costs = (record[name] for name in ("label", "threshold", "find", "costs"))
    if (label is None) == (not costs) or (label is None) != (threshold is None):
        return ["need either a label with a threshold, or costs"]
    known, problems = set(labels), []
    if label is not None and (type(label) is not str or label not in known):
        problems.append(f"label {label!a:.40}, need one of the labels")
    for name, value, most in (("threshold", threshold, 1.0), ("find", find, 1.0)):
        if value is not None and (type(value) is not float or not 0 <= value <= most):
            problems.append(f"{name} {value!r:.40}, need a float from 0 to 1")
    for cost in costs:
        if not {cost["label"], cost["answer"]} <= known or cost["label"] == cost["answer"]:
            problems.append(f"a cost of {cost['label']!a:.40} called {cost['answer']!a:.40}, need two of the labels")
        if type(cost["cost"]) is not float or not 0 < cost["cost"] < math.inf:
            problems.append(f"a cost of {cost['cost']!r:.40}, need a finite float above 0")
    if len({(cost["label"], cost["answer"]) for cost in costs}) < len(costs):
        problems.append("two costs of the same mistake")
    return problems


def decide_answers(
    probabilities: npt.NDArray[Any], labels: Sequence[str], decision: Decision | None
) -> npt.NDArray[np.int64]:
    """Return the answers, (N,) class numbers: by the decision, or without one the most probable classes."""
    if decision is None:
        return np.asarray(probabilities.argmax(1), np.int64)
    return decision.decide(probabilities, labels)


def rank_classes(
    probabilities: npt.NDArray[Any], labels: Sequence[str], decision: Decision | None
) -> tuple[dict[str, float], str | None]:
    """Return the probabilities of one photo by class, (C,), the answer first, then the most probable.

    The second value says why the answer is not the most probable class; None if it is.
    """
    # stable, so that equal probabilities keep the order of the labels, as in argmax
    order = np.argsort(-probabilities, kind="stable").tolist()
    why = None
    if decision is not None:
        answer = int(decision.decide(probabilities[None], labels)[0])
        if answer != order[0]:
            order.remove(answer)
            order.insert(0, answer)
            why = decision.explain(labels[answer])
    return {labels[i]: float(probabilities[i]) for i in order}, why
