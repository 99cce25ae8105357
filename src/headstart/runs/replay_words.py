"""Sentences on a replay: the outcome, and the conditions that differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def describe_outcome(result: Mapping[str, Any]) -> str:
    """Return the outcome of `replay_run` in one or two sentences."""
    comparison = result["comparison"]
    n = comparison["n_compared"]
    if result["missing"] or result["changed"]:
        n_lost = len(result["missing"]) + len(result["changed"])
        return f"Not the same training: {n_lost:,} of {result['n_photos']:,} photos were not found."
    if result["is_same"]:
        return f"The same run: features, head, probabilities and metrics of {n:,} photos have the same bits."
    if result["is_equal"] and comparison["same_bits"]["probabilities"]:
        differing = [name for name, is_same in comparison["same_bits"].items() if not is_same]
        return f"The probabilities of {n:,} photos have the same bits. Other bits: {', '.join(differing)}."
    gap = f"The largest difference of a probability is {comparison['largest_difference']:.6f}."
    if result["is_equal"]:
        return f"The same answers for all {n:,} photos. {gap} {_explain(comparison)}"
    return f"Other answers for {len(comparison['other_answers']):,} of {n:,} photos. {gap} {_explain(comparison)}"


def describe_conditions(comparison: Mapping[str, Any]) -> list[str]:
    """Return a line for each condition that decides the bits and has changed since the run."""
    lines = []
    if comparison["arithmetic"]:
        before, after = comparison["arithmetic"]
        lines.append(f"Arithmetic: {before} before, {after} now.")
    if comparison["engine"]:
        lines.append("The processor or the inference engine is of another kind.")
    if comparison["versions"]:
        pairs = [f"{name} {before} before, {after} now" for name, (before, after) in comparison["versions"].items()]
        lines.append(f"Versions: {'; '.join(pairs)}.")
    return lines


def _explain(comparison: Mapping[str, Any]) -> str:
    if not comparison["is_same_condition"]:
        return "Other bits are expected: processor, arithmetic or versions differ."
    if comparison["same_bits"]["features"] and not comparison["same_bits"]["head"]:
        return "The features have the same bits, but not the head."
    return (
        "Processor, arithmetic and versions are the same. Training with torch on several cores may change the last "
        "bits."
    )
