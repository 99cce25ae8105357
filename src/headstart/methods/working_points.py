"""Choose the decision of a trained method, and describe its working points for metrics.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.classes import clean_label
from headstart.catalog.photo_groups import name_groups
from headstart.classifier.decision import Decision, decide_answers
from headstart.errors import FitError
from headstart.evaluation.group_words import GROUP, PICTURE, count_groups
from headstart.evaluation.notes import Note
from headstart.evaluation.thresholds import Threshold, choose_threshold
from headstart.evaluation.words import count_photos, format_percent
from headstart.evaluation.working_points import measure_answers
from headstart.head.linear import softmax
from headstart.methods.cost_texts import check_class, read_costs
from headstart.methods.out_of_fold import predict_out_of_fold
from headstart.methods.settings import Settings
from headstart.methods.split_metrics import SplitPredictions
from headstart.methods.trained_method import TrainedMethod
from headstart.process.progress import Progress, ignore_progress


@dataclass(frozen=True, eq=False, kw_only=True)
class ChosenDecision:
    """A decision, and the N photos that it was chosen and judged by, none of which the head was fitted to.

    Attributes
    ----------
    y, probabilities
        (N,) class numbers, and (N, C) float32 probabilities.
    judged_by
        ``cross-validation`` or ``validation``.
    threshold
        What the threshold promises, or None for costs.
    groups
        (N,) names of the groups of the photos, or None.
    group_kind
        What the groups are, as in ``camera``; ``picture`` if only copies make photos a group.
    """

    decision: Decision
    labels: tuple[str, ...]
    y: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    judged_by: str
    threshold: Threshold | None = None
    groups: Sequence[str] | None = None
    group_kind: str = GROUP

    @property
    def notes(self) -> list[Note]:
        """A note if there are too few photos of the class, or too few groups, to promise the wanted share."""
        if self.threshold is None or self.threshold.n_needed is None:
            return []
        label, find = str(self.decision.label), format_percent(self.decision.find)
        n, n_needed = int((self.y == self.labels.index(label)).sum()), self.threshold.n_needed
        recall, n_groups, kind = format_percent(self.threshold.recall), self.threshold.n_groups, self.group_kind
        if n_groups is None:
            text = (
                f"{find} of '{label}' cannot be promised: this needs {count_photos(n_needed)} or more of the class "
                f"outside the test set, and there are {n:,}. The threshold finds {recall} of new photos on average."
            )
        else:
            text = (
                f"{find} of '{label}' cannot be promised for new {kind}s: this needs {count_groups(n_needed, kind)} or "
                f"more, and the {count_photos(n)} of the class outside the test set are of "
                f"{count_groups(n_groups, kind)}. The threshold finds {recall} of new photos of the same {kind}s on "
                "average."
            )
        return [Note("working-point", text, "warning")]


def check_classes(settings: Settings, labels: Sequence[str]) -> None:
    """Raise FitError if the settings of the decision name unknown classes."""
    if settings.of is not None:
        check_class(clean_label(settings.of) or settings.of, labels, f"the class '{settings.of}' to find")
    read_costs(settings.cost, labels)


def choose_decision(trained: TrainedMethod, progress: Progress = ignore_progress) -> ChosenDecision:
    """Choose the decision that the settings ask for, by photos that the head was not fitted to.

    Raises
    ------
    FitError
        If there are no such photos.
    """
    labels = tuple(trained.table.catalog.labels)
    held = predict_out_of_fold(trained, progress)
    if held is None:
        raise FitError(
            "Cannot choose a working point: got no held-out photos, need some. Give a "
            "validation split, or train without --find and --cost."
        )
    has_groups = any(photo.group is not None for photo in held.photos)
    return decide_by(
        trained.settings, labels, held.y, softmax(held.scores).astype(np.float32, copy=False),
        judged_by="validation" if held.is_validation else "cross-validation", groups=name_groups(held.photos),
        group_kind=trained.table.catalog.group_kind if has_groups else PICTURE,
    )  # fmt: skip


def decide_by(
    settings: Settings, labels: tuple[str, ...], y: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float32], *,
    judged_by: str, groups: Sequence[str] | None = None, group_kind: str = GROUP,
) -> ChosenDecision:  # fmt: skip
    """Choose the decision that the settings ask for, by (N,) class numbers and (N, C) probabilities."""
    if settings.find is None or settings.of is None:
        decision, threshold = Decision(costs=read_costs(settings.cost, labels)), None
    else:
        label = clean_label(settings.of) or settings.of
        number = labels.index(label)
        members = probabilities[y == number, number]
        if not len(members):
            raise FitError(
                f"Cannot choose a working point: got no held-out photo of '{label}', need some. "
                "Give more photos of this class, or train without --find."
            )
        of_members = None if groups is None else np.asarray(groups)[y == number]
        threshold = choose_threshold(members, settings.find, of_members)
        decision = Decision(label=label, threshold=threshold.value, find=settings.find)
    return ChosenDecision(
        decision=decision,
        labels=labels,
        y=y,
        probabilities=probabilities,
        judged_by=judged_by,
        threshold=threshold,
        groups=groups,
        group_kind=group_kind,
    )


def describe_working_points(chosen: ChosenDecision, test: SplitPredictions) -> list[dict[str, Any]]:
    """Return ``working_points`` of metrics.json: a record for each class that the decision is about.

    ``recall`` and its interval are what the threshold promises for new photos of the class. All other numbers, and
    those of costs, are counted on the photos that the decision was chosen by. ``n_needed`` and ``n_groups`` are as of
    `Threshold`, and ``group_kind`` as of `ChosenDecision`. ``test`` has the numbers of the test photos.
    """
    records = measure_decision(chosen.decision, chosen.labels, chosen.y, chosen.probabilities, chosen.groups)
    rows = test.features
    tested = measure_decision(chosen.decision, chosen.labels, rows.y, test.probabilities, rows.groups)
    promise = chosen.threshold
    for record, on_test in zip(records, tested, strict=True):
        if promise is not None:
            record |= {"recall": promise.recall, "recall_ci95": list(promise.recall_ci95)}
            record |= {"n_needed": promise.n_needed, "n_groups": promise.n_groups, "group_kind": chosen.group_kind}
        record |= {"judged_by": chosen.judged_by, "test": on_test if len(rows.y) else None}
    return records


def measure_decision(
    decision: Decision,
    labels: Sequence[str],
    y: npt.NDArray[np.int64],
    probabilities: npt.NDArray[Any],
    groups: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Measure the answers of a decision on N labelled photos, in plain JSON types.

    Each record has ``label``, ``find``, ``threshold`` and ``costs``, the numbers of `measure_answers`, and
    ``mean_cost`` if there are costs. ``most_probable`` has the same numbers of answering the most probable class.
    """
    answers, usual = decide_answers(probabilities, labels, decision), decide_answers(probabilities, labels, None)
    names = [decision.label] if decision.label is not None else list(dict.fromkeys(c.label for c in decision.costs))
    if decision.label is None and len(labels) == 2:
        names = names[:1]  # the other class has the same threshold, seen from the other side
    records = []
    for name in names:
        record = {
            "label": name, "find": decision.find, "threshold": _find_threshold(decision, name, labels),
            "costs": [asdict(cost) for cost in decision.costs],
        }  # fmt: skip
        both = [measure_answers(y, given, labels.index(name), groups) for given in (answers, usual)]
        if decision.costs:
            for measured, given in zip(both, (answers, usual), strict=True):
                measured["mean_cost"] = _measure_cost(decision, labels, y, given)
        records.append(record | both[0] | {"most_probable": both[1]})
    return records


def _find_threshold(decision: Decision, label: str, labels: Sequence[str]) -> float | None:
    """Return the threshold of a class. Costs of two classes are one, too: a p >= b (1 - p) if p >= b / (a + b)."""
    if decision.threshold is not None or len(labels) > 2:
        return decision.threshold
    missed = next((cost.cost for cost in decision.costs if cost.label == label), 1.0)
    alarm = next((cost.cost for cost in decision.costs if cost.label != label), 1.0)
    return alarm / (missed + alarm)


def _measure_cost(
    decision: Decision, labels: Sequence[str], y: npt.NDArray[np.int64], answers: npt.NDArray[np.int64]
) -> float | None:
    costs = (y != answers).astype(np.float64)
    for cost in decision.costs:
        costs[(y == labels.index(cost.label)) & (answers == labels.index(cost.answer))] = cost.cost
    return float(costs.mean()) if len(y) else None
