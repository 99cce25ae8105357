"""All detectors of an audit, one after the other, and their findings in the order in which to look at them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from headstart.evaluation.notes import Note
from headstart.head.parallel_rows import use_one_blas_thread
from headstart.inspection.border_evidence import find_border_evidence
from headstart.inspection.class_trouble import find_class_trouble
from headstart.inspection.copies import find_copies, find_lookalikes
from headstart.inspection.finding import Finding
from headstart.inspection.gains import add_removal_gains, list_curve
from headstart.inspection.label_scores import score_labels
from headstart.inspection.odd_files import find_odd_files, find_unreadable_files
from headstart.inspection.ordering import drop_explained, order_findings
from headstart.inspection.outliers import find_outliers
from headstart.inspection.photo_set import PhotoSet
from headstart.inspection.poor_photos import find_poor_photos
from headstart.inspection.shortcuts import find_shortcuts
from headstart.inspection.wrong_labels import find_wrong_labels, note_unjudged, note_unlearned
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
        Pairs (k, share) for "look at the first k findings": the share of the expected gain of all, 0 to 1. Empty:
        unknown.
    notes
        Notes on detectors that could not work.
    """

    findings: tuple[Finding, ...]
    curve: tuple[tuple[int, float], ...] = ()
    notes: tuple[Note, ...] = ()


def find_problems(photos: PhotoSet, *, seed: int = 0, verbose: bool = False) -> FoundProblems:
    """Run all detectors on the photos of a set.

    Parameters
    ----------
    seed
        Seed of the landmarks of `KernelRidge`.
    verbose
        Whether progress is shown on stderr.
    """
    findings, notes = list[Finding](), list[Note]()
    n_detectors = len(DETECTORS)
    n_steps = n_detectors + 3  # label scores, classes and wrong labels
    with show_progress("Looking for problems", is_shown=verbose, unit="steps", is_even=False) as progress:
        progress(0, n_steps)
        # An eigendecomposition takes one core: detectors use the others. The limit is set before the first thread
        # starts: set beside a call of BLAS, it had no effect, and beside a busy program scores took ten times as long.
        with use_one_blas_thread(), ThreadPoolExecutor(1) as pool:
            scoring = pool.submit(score_labels, photos, seed=seed)
            for n_done, detect in enumerate(DETECTORS, 1):
                findings += detect(photos)
                progress(n_done + scoring.done(), n_steps)
            scores = scoring.result()
        progress(n_detectors + 1, n_steps)
        findings += find_class_trouble(photos, None if scores is None else scores.plain_probabilities)
        progress(n_detectors + 2, n_steps)
        if scores is None:
            notes = [note_unjudged(photos)]
        else:
            findings += find_wrong_labels(photos, scores)
            notes = note_unlearned(scores)
            findings = add_removal_gains(photos, scores, findings)
    ordered = tuple(order_findings(drop_explained(findings)))
    return FoundProblems(findings=ordered, curve=list_curve(ordered), notes=tuple(notes))
