"""The order in which to look at findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headstart.inspection.copies import OF_SPLITS
from headstart.inspection.finding import Finding

WITH_GAIN = 2  # the part of the list with findings whose gain is known

ABOUT_ALL = ("shortcut", "same_classes", "few_photos", "split_class")  # about many photos at once: they come first
KINDS_IN_ORDER = (
    *ABOUT_ALL, "copy", "wrong_label", "unreadable", "blank", "near_copy", "outlier", "odd_one", "dark", "flat",
    "blurred", "tiny", "shape", "odd_file", "lookalike",
)  # fmt: skip


EXPLAINED = {
    "blank": ("wrong_label", "outlier", "odd_one"), "dark": ("odd_one",), "flat": ("odd_one",), "blurred": ("odd_one",),
    "outlier": ("odd_one",),
}  # fmt: skip
"""Kinds that say nothing more about a photo if it has a finding of the first kind."""


def drop_explained(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings without those that another finding about the same photo explains.

    The label of a blank photo is not wrong: nobody can tell what it shows.
    """
    explained = {
        (kind, digest) for finding in findings for kind in EXPLAINED.get(finding.kind, ()) for digest in finding.digests
    }
    return [finding for finding in findings if (finding.kind, *finding.digests[:1]) not in explained]


def order_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order in which to look at them.

    Findings about classes or the set come first, then copies with several labels. Findings with an expected gain follow
    by their gain, all others by kind and score, and look-alikes last.
    """
    return sorted(findings, key=_rank)


def _rank(finding: Finding) -> tuple[int, float, int, float, tuple[str, ...]]:
    part = _find_part(finding)
    gain = -(finding.gain or 0.0) if part == WITH_GAIN else 0.0
    return (part, gain, KINDS_IN_ORDER.index(finding.kind), -finding.score, finding.photos)


def _find_part(finding: Finding) -> int:
    """Return the number of the part of the list that a finding is in."""
    if finding.kind in ABOUT_ALL:
        return 0
    if finding.kind in ("copy", "near_copy") and finding.score > OF_SPLITS:
        return 1
    return 4 if finding.kind == "lookalike" else WITH_GAIN + (finding.gain is None)
