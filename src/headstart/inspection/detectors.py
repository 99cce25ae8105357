"""All detectors of an audit, one after the other, and their findings in the order in which to look at them."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.evaluation.notes import Note
from headstart.inspection.border_evidence import find_border_evidence
from headstart.inspection.copies import find_copies, find_lookalikes
from headstart.inspection.finding import Finding
from headstart.inspection.odd_files import find_odd_files, find_unreadable_files
from headstart.inspection.ordering import order_findings
from headstart.inspection.outliers import find_outliers
from headstart.inspection.photo_set import PhotoSet
from headstart.inspection.poor_photos import find_poor_photos
from headstart.inspection.shortcuts import find_shortcuts
from headstart.process.progress import show_progress

DETECTORS = (
    find_copies, find_lookalikes, find_unreadable_files, find_odd_files, find_poor_photos, find_shortcuts,
    find_border_evidence, find_outliers,
)  # fmt: skip
"""Functions that take a `PhotoSet` and return findings."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FoundProblems:
    """What the detectors found.

    Attributes
    ----------
    findings
        Findings in the order in which to look at them.
    curve
        Pairs (k, expected gain in points) for "look at the first k findings". Empty: unknown.
    notes
        Notes on detectors that could not work.
    """

    findings: tuple[Finding, ...]
    curve: tuple[tuple[int, float], ...] = ()
    notes: tuple[Note, ...] = ()


def find_problems(photos: PhotoSet, *, verbose: bool = False) -> FoundProblems:
    """Run all detectors on the photos of a set.

    Parameters
    ----------
    verbose
        Whether progress is shown on stderr.
    """
    findings: list[Finding] = []
    with show_progress("Looking for problems", is_shown=verbose, unit="steps") as progress:
        for n_done, detect in enumerate(DETECTORS):
            progress(n_done, len(DETECTORS))
            findings += detect(photos)
    return FoundProblems(findings=tuple(order_findings(findings)))
