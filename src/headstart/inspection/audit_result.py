"""The result of an audit: its findings, in the order in which to look at them, as text, tables and JSON."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.catalog.catalog import Catalog
from headstart.errors import AuditError
from headstart.evaluation.notes import Note
from headstart.inspection.audit_text import list_counts, list_findings, summarise
from headstart.inspection.finding import KINDS, Finding
from headstart.inspection.kind_names import find_kind
from headstart.storage.local_files import write_text_safely
from headstart.storage.spreadsheet_cells import guard_cell
from headstart.version import __version__

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1  # of `Audit.to_dict`; counts up when a program that reads it would have to change
COLUMNS = (
    "rank", "kind", "path", "n_photos", "label", "suggested", "score", "gain", "evidence", "action", "photos",
)  # fmt: skip
AND_MORE = " | "  # between the paths of one finding in a cell
N_LISTED = 20


@dataclass(frozen=True, kw_only=True, repr=False)
class Audit:
    """What an audit found.

    Attributes
    ----------
    findings
        Findings in the order in which to look at them.
    catalog
        All files with labels, copies included. Files that cannot be used are in its ``skipped``.
    folder
        Audit folder with ``audit.html``, or None if none was written.
    seconds
        Time that the audit took.
    notes
        Notes of the scan and of the audit.
    curve
        Pairs (k, share) for "look at the first k findings": the share of the expected gain of all, 0 to 1. Empty:
        unknown.
    """

    findings: tuple[Finding, ...]
    catalog: Catalog
    folder: Path | None = None
    seconds: float = 0.0
    notes: tuple[Note, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()

    def __repr__(self) -> str:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in self.counts().items())
        return f"Audit({self.catalog.source!r}: {len(self.catalog.photos):,} photos, findings: {kinds or 'none'})"

    @property
    def page(self) -> Path | None:
        """Path of the page in the audit folder."""
        return None if self.folder is None else self.folder / "audit.html"

    def counts(self) -> dict[str, int]:
        """Return the number of findings of each kind that was found, in the order of `KINDS`."""
        found = Counter(finding.kind for finding in self.findings)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    def select(self, kind: str) -> tuple[Finding, ...]:
        """Return the findings of a kind, such as ``wrong_label``, in order.

        Raises
        ------
        AuditError
            If there is no such kind.
        """
        name = find_kind(kind, "select findings")
        return tuple(finding for finding in self.findings if finding.kind == name)

    def summary(self, n: int = N_LISTED) -> str:
        """Return a summary in text: sentences, the counts by kind, and the first ``n`` findings."""
        lines = [f"{self.catalog.source}: {' '.join(summarise(self.catalog, len(self.findings)))}"]
        if self.findings:
            lines += ["", *list_counts(self.counts())]
        if self.findings and n:
            lines += ["", *list_findings(self.findings, self.catalog.source, n)]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the audit in plain JSON types; docs/audit.md describes the schema."""
        return {
            "schema": SCHEMA, "headstart": __version__, "source": self.catalog.source,
            "audit": None if self.folder is None else str(self.folder), "n_photos": len(self.catalog.photos),
            "labels": dict(sorted(Counter(photo.label for photo in self.catalog.photos).items())),
            "counts": self.counts(), "findings": [finding.to_record() for finding in self.findings],
            "curve": [{"n": n, "share": share} for n, share in self.curve],
            "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in self.catalog.skipped],
            "notes": [note.text for note in self.notes], "note_records": [note.to_record() for note in self.notes],
            "seconds": round(self.seconds, 3),
        }  # fmt: skip

    def list_rows(self) -> list[dict[str, Any]]:
        """Return a row for each finding, with the keys of `COLUMNS`."""
        return [
            {
                "rank": rank, "kind": finding.kind, "path": finding.photos[0] if finding.photos else "",
                "n_photos": len(finding.photos), "label": finding.label, "suggested": finding.suggested,
                "score": round(finding.score, 4), "gain": None if finding.gain is None else round(finding.gain, 6),
                "evidence": finding.evidence, "action": finding.action,
                "photos": AND_MORE.join(finding.photos),
            }
            for rank, finding in enumerate(self.findings, 1)
        ]  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas DataFrame with a row for each finding; ``photos`` is a list of paths."""
        import pandas as pd

        rows = [
            row | {"photos": list(finding.photos)} for row, finding in zip(self.list_rows(), self.findings, strict=True)
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def write_csv(self, path: str | Path) -> None:
        """Write a row for each finding, with the columns of `to_frame`. The paths of a finding are in one cell.

        Raises
        ------
        AuditError
            If the file cannot be written.
        """
        try:
            with write_text_safely(Path(path), "surrogateescape") as file:
                writer = csv.writer(file)
                writer.writerow(COLUMNS)
                for row in self.list_rows():
                    cells = [row[column] for column in COLUMNS]
                    writer.writerow([guard_cell(cell) if isinstance(cell, str) else cell for cell in cells])
        except OSError as error:
            raise AuditError(
                f"Cannot write '{path}': {error.strerror or error}. Make room there, or choose another folder.",
                path=path,
            ) from None

    def in_folder(self, folder: Path) -> Audit:
        """Return the audit with the folder that it was written to."""
        return replace(self, folder=folder)
