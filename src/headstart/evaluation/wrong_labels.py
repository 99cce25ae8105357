"""Say how many labels look wrong, and which command lists them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any


def say_wrong_labels(metrics: Mapping[str, Any]) -> str:
    """Write the sentence of the verdict on wrong labels; '' if there is no sign that more than a few are wrong.

    Examples
    --------
    >>> record = {"labels_that_look_wrong": 304, "n_judged": 3000, "source": "pets/"}
    >>> say_wrong_labels({"photos_to_look_at": record})
    'About 300 of the 3,000 labels look wrong: headstart audit pets/ lists the most suspicious.'
    """
    found = tell_wrong_labels(metrics)
    if not found:
        return ""
    command = write_audit_command(metrics["photos_to_look_at"])
    return f"{found}: {command} lists the most suspicious."


def tell_wrong_labels(metrics: Mapping[str, Any]) -> str:
    """Write the number of labels that look wrong, without a full stop; '' if there is no sign of more than a few."""
    record = metrics.get("photos_to_look_at")
    if not record or not record["labels_that_look_wrong"]:
        return ""
    n = record["labels_that_look_wrong"]
    rounded = round(n, 2 - len(str(n)))  # to two digits
    return f"About {rounded:,} of the {record['n_judged']:,} labels look wrong"


def write_audit_command(record: Mapping[str, Any]) -> str:
    """Write the command that audits the photos of a run, from the record ``photos_to_look_at`` of its metrics."""
    source = record.get("source")
    return f"headstart audit {shlex.quote(source)}" if source else "headstart audit"
