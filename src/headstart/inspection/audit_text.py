"""An audit in words: a summary in sentences, the counts by kind, and the first findings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.evaluation.words import count_photos
from headstart.inspection.finding import KINDS, Finding
from headstart.inspection.ordering import ABOUT_ALL
from headstart.process.terminal_text import escape_name
from headstart.storage.photo_folder import shorten_path


def summarise(catalog: Catalog, n_findings: int) -> list[str]:
    """Return sentences about what was audited and what was found."""
    n_classes = len({photo.label for photo in catalog.photos})
    classes = "1 class" if n_classes == 1 else f"{n_classes:,} classes"
    if not n_findings:
        return [f"{count_photos(len(catalog.photos))} of {classes}: nothing was found."]
    findings = "1 finding" if n_findings == 1 else f"{n_findings:,} findings"
    counted = f"{count_photos(len(catalog.photos))} of {classes}: {findings}."
    return [counted] if n_findings == 1 else [counted, "The first ones matter most."]


def list_counts(counts: dict[str, int]) -> list[str]:
    """Return a line for each kind: its name, its key, which ``--drop`` takes, and the number of its findings."""
    names = {kind: f"{KINDS[kind].name} ({kind})" for kind in counts}
    width = max(map(len, names.values()), default=0)
    return [f"{names[kind]:<{width}}  {n:>6,}" for kind, n in counts.items()]


def list_findings(findings: Sequence[Finding], source: str, n: int) -> list[str]:
    """Return two lines for each of the first ``n`` findings: rank, kind and photo; and the evidence.

    Paths are relative to the source, if it is a folder that holds them.
    """
    folder = os.path.abspath(Path(source).expanduser()) if source and "://" not in source else None  # noqa: PTH100
    shown = findings[:n]
    width = max((len(KINDS[finding.kind].name) for finding in shown), default=0)
    lines = []
    for rank, finding in enumerate(shown, 1):
        lines.append(f"{rank:>4}  {KINDS[finding.kind].name:<{width}}  {_describe_place(finding, folder)}")
        lines.append(f"      {finding.evidence}")
    n_more = len(findings) - len(shown)
    return lines + ([f"      and {n_more:,} more"] if n_more and n else [])


def _describe_place(finding: Finding, folder: str | None) -> str:
    """Return the photo, or the class, that a finding is about, with the label that is suggested."""
    if not finding.photos or finding.kind in ABOUT_ALL:
        if finding.label is None:
            return "all classes"
        one = f"class '{finding.label}'"
        return one if finding.suggested is None else f"{one} and class '{finding.suggested}'"
    name = escape_name(shorten_path(finding.photos[0], folder))
    if len(finding.photos) > 1:  # the last of copies is the one to keep, which may have another label
        last, n_more = escape_name(shorten_path(finding.photos[-1], folder)), len(finding.photos) - 2
        name += f", {last} and {n_more:,} more" if n_more else f" and {last}"
    if finding.suggested is None:
        return name
    is_open = finding.kind in ("copy", "near_copy")  # only a person knows which label is right
    between = "or" if is_open else "->"
    return f"{name}  ({finding.label} {between} {finding.suggested}?)"
