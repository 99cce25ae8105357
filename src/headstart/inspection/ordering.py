"""The order in which to look at findings."""

from __future__ import annotations

from collections.abc import Iterable

from headstart.inspection.finding import Finding

ABOUT_ALL = ("shortcut", "same_classes", "few_photos", "split_class")  # about many photos at once: they come first
KINDS_IN_ORDER = (
    *ABOUT_ALL, "copy", "wrong_label", "unreadable", "blank", "near_copy", "outlier", "odd_one", "dark", "flat",
    "blurred", "tiny", "shape", "odd_file", "lookalike",
)  # fmt: skip


def order_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order in which to look at them.

    Findings about classes or the set come first, look-alikes last. Between them, findings are ordered by their expected
    gain; those without one follow, by kind and score.
    """
    return sorted(findings, key=_rank)


def _rank(finding: Finding) -> tuple[int, float, int, float, tuple[str, ...]]:
    kind = KINDS_IN_ORDER.index(finding.kind)
    part = 0 if finding.kind in ABOUT_ALL else 3 if finding.kind == "lookalike" else 2 if finding.gain is None else 1
    return (part, -(finding.gain or 0.0) if part == 1 else 0.0, kind, -finding.score, finding.photos)
