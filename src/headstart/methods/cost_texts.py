"""Read the costs of mistakes that a user writes, such as ``defective:functional=20``."""

from __future__ import annotations

import math
from collections.abc import Sequence

from headstart.catalog.classes import clean_label, name_classes, suggest_label
from headstart.classifier.decision import MistakeCost
from headstart.errors import FitError

EXAMPLE = "defective:functional=20"


def read_costs(texts: Sequence[str], labels: Sequence[str]) -> tuple[MistakeCost, ...]:
    """Read costs, each ``TRUE:ANSWER=COST``. Class names may contain colons and equals signs.

    Raises
    ------
    FitError
        If a text has another form, a cost is not above 0, a class is unknown, or a mistake has two costs.
    """
    costs = tuple(_read_cost(text, labels) for text in texts)
    if len({(cost.label, cost.answer) for cost in costs}) < len(costs):
        raise FitError(f"Cannot train: got cost {', '.join(texts)}, need one cost for each mistake. Leave one out.")
    return costs


def _read_cost(text: str, labels: Sequence[str]) -> MistakeCost:
    names, _, number = text.rpartition("=")
    parts = names.split(":")
    try:
        cost = float(number)
    except ValueError:
        cost = math.nan
    if len(parts) < 2 or not 0 < cost < math.inf:
        raise FitError(
            f"Cannot train: got cost {text!r}, need TRUE:ANSWER=COST with a cost above 0, such as {EXAMPLE}."
        )
    pairs = [(":".join(parts[:n]), ":".join(parts[n:])) for n in range(1, len(parts))]
    pairs = [(clean_label(true) or true, clean_label(answer) or answer) for true, answer in pairs]
    true, answer = next((pair for pair in pairs if set(pair) <= set(labels)), pairs[0])
    for name in (true, answer):
        check_class(name, labels, f"cost {text!r} with the unknown class '{name}'")
    if true == answer:
        raise FitError(f"Cannot train: got cost {text!r}, need two classes: a right answer costs nothing.")
    return MistakeCost(true, answer, cost)


def check_class(name: str, labels: Sequence[str], got: str) -> None:
    """Raise FitError if a class that a setting names does not exist. The message suggests the one that was meant."""
    if name in labels:
        return
    meant = suggest_label(name, labels)
    hint = f" (did you mean '{meant}'?)" if meant else ""
    raise FitError(f"Cannot train: got {got}{hint}, need one of the classes {name_classes(labels)}.", label=name)
