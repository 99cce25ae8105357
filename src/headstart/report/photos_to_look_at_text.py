"""The section of the report on photos to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.words import count_photos
from headstart.evaluation.wrong_labels import tell_wrong_labels, write_audit_command


def describe_photos_to_look_at(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return ``rows`` of kinds with their counts, ``labels``, ``judged`` and ``command``; None if nothing was found."""
    record = metrics.get("photos_to_look_at")
    if not record or not record["n"]:
        return None
    rows = [{"name": _name(kind), "n": f"{n:,}"} for kind, n in record["counts"].items()]
    return {
        "rows": rows, "labels": _describe_labels(metrics, record), "judged": _describe_judged(metrics, record),
        "command": write_audit_command(record),
    }  # fmt: skip


def _name(kind: str) -> str:
    return "Doubtful label" if kind == "wrong_label" else kind.replace("_", " ").capitalize()


def _describe_labels(metrics: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    told = tell_wrong_labels(metrics)
    if told:
        return f"{told}."
    if not record["counts"].get("wrong_label"):
        return ""
    return (
        "A label is doubtful if classifiers that did not see the photo are sure of another class. The label may "
        "be wrong, or the photo may be hard."
    )


def _describe_judged(metrics: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    if metrics.get("cross_validation") or not record["n_judged"]:
        return ""
    return (
        f"Only the labels of the {count_photos(record['n_judged'], 'validation and test')} were judged: for training "
        "photos there is no classifier that was fitted without them."
    )
