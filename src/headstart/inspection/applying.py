"""From a source of photos to a corrected catalog: scan, audit if a rule needs findings, correct, write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.catalog.source import PhotoSource, find_source, refuse_several
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import AuditError
from headstart.inspection.audit import AuditOptions, inspect_catalog, scan
from headstart.inspection.changes import find_changes_file
from headstart.inspection.corrections import Corrections, correct_catalog, write_corrections
from headstart.inspection.decisions import read_decisions
from headstart.inspection.weighing import weigh_doubtful_labels
from headstart.runs.run_folder import AUDIT, check_outside, name_source
from headstart.storage.remote_paths import RemotePath, make_path

CORRECTED = "-corrected"  # how the name of a corrected catalog ends


@dataclass(frozen=True)
class AppliedCorrections:
    """What was corrected, and where it was written.

    Attributes
    ----------
    path, record
        The corrected catalog, and the table of changes. None: nothing was to change, so nothing was written.
    """

    corrections: Corrections
    path: Path | None = None
    record: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the corrections in plain JSON types."""
        places = {"catalog": self.path, "changes_file": self.record}
        return self.corrections.to_dict() | {name: path and str(path) for name, path in places.items()}


def apply_corrections(
    photos: PhotoSource, *, decisions: str | Path | None = None, drop: Sequence[str] = (),
    relabel_from: float | None = None, is_weighed: bool = False, is_new_class_allowed: bool = False,
    out: str | Path | None = None, overwrite: bool = False, layout: str = "auto", path_column: str | None = None,
    label_column: str | None = None, group_column: str | None = None, group_from: str | None = None,
    options: AuditOptions | None = None,
) -> AppliedCorrections:  # fmt: skip
    """Apply decisions and rules to the photos of a source, and write the corrected catalog.

    Parameters
    ----------
    photos
        A source of photos as for `scan_photos`.
    decisions
        CSV with the decisions of a person; see `read_decisions`.
    drop, relabel_from
        Rules for findings; see `plan_changes`. With one of these the photos are audited.
    is_weighed
        Whether photos whose labels look doubtful after all corrections count less in training; see
        `weigh_doubtful_labels`.
    is_new_class_allowed
        Whether a decision may give a label that no photo has.
    out
        The CSV to write, on this machine. Default: ``audits/NAME-corrected.csv``, if anything is to change.
    overwrite
        Whether a file with other content is replaced.
    layout, path_column, label_column, group_column, group_from
        As for `scan_photos`.
    options
        How an audit computes.

    Raises
    ------
    HeadstartError
        If the photos or the decisions cannot be used, or a file cannot be written.
    """
    options = options or AuditOptions()
    problems: list[str] = []
    given = read_decisions(Path(decisions).expanduser(), problems) if decisions is not None else ()
    columns = ColumnNames(path_column, label_column, group_column)
    source = find_source(photos, columns, layout=layout, group_from=group_from)
    refuse_several(source, "correct")
    name = name_source(source.name, AUDIT).removesuffix(CORRECTED)
    path = AUDIT.place / f"{name}{CORRECTED}.csv" if out is None else Path(out).expanduser()
    _check_name(path if out is None else make_path(out))
    check_outside(path, source.name, what="corrected catalog")
    if decisions is not None:
        _check_decisions_stay(path, Path(decisions).expanduser())
    catalog = scan(source, options)
    corrections = correct_catalog(catalog, given, is_new_class_allowed=is_new_class_allowed, problems=problems)
    if drop or relabel_from is not None:  # the decisions can be applied: the audit is worth its time
        corrections = correct_catalog(
            catalog, given, findings=inspect_catalog(catalog, options).findings, drop=drop, relabel_from=relabel_from,
            is_new_class_allowed=is_new_class_allowed,
        )  # fmt: skip
    if is_weighed:
        corrections = weigh_doubtful_labels(corrections, options)
    if out is None and not corrections.changes:
        return AppliedCorrections(corrections)
    return AppliedCorrections(corrections, path, write_corrections(corrections, path, is_replacing=overwrite))


def _check_decisions_stay(path: Path, decisions: Path) -> None:
    for target in (path, find_changes_file(path)):
        if target.exists() and decisions.exists() and target.samefile(decisions):
            raise AuditError(
                f"Cannot write '{target}': got the file with your decisions, need another file. Give another --out.",
                path=target,
            )  # fmt: skip


def _check_name(path: Path) -> None:
    if isinstance(path, RemotePath) or path.suffix.casefold() != ".csv":
        raise AuditError(
            f"Cannot write corrected catalog '{path}': got no name of a CSV, need a file on this machine whose name "
            "ends with .csv. Choose another --out.", path=path,
        )  # fmt: skip
