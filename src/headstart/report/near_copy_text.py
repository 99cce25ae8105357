"""The section of the report on near copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.near_copies import say_near_copies
from headstart.evaluation.words import count_photos


def describe_near_copies(metrics: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the texts ``found``, ``splits`` and ``conflicts`` of the section, or None if there are no near copies."""
    record = metrics.get("near_copies")
    if not record or not record["n_pairs"]:
        return None
    n_pairs, n_conflicts = record["n_pairs"], record["n_conflicts"]
    pairs = "1 pair was" if n_pairs == 1 else f"{n_pairs:,} pairs were"
    found = f"{count_photos(record['n_photos'])} are near copies of others: {pairs} found."
    splits = say_near_copies(metrics)
    if not splits:
        n_across = sum(record["across"].values())
        splits = (
            f"{count_photos(n_across, 'validation')} {'has' if n_across == 1 else 'have'} a near copy in training."
            if n_across
            else "No validation or test photo has a near copy in training."
        )
    differ = "1 pair has" if n_conflicts == 1 else f"{n_conflicts:,} pairs have"
    conflicts = f"{differ} different labels: one of the two may be wrong." if n_conflicts else ""
    return {"found": found, "splits": splits, "conflicts": conflicts}
