"""Apply decisions and rules to a catalog, and write the corrected one. No photo is changed, moved or deleted."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from headstart.catalog.catalog import Catalog
from headstart.errors import AuditError
from headstart.inspection.automatic_changes import PlannedChange, plan_changes
from headstart.inspection.changes import (
    COLUMNS,
    DROPPED,
    RELABELLED,
    WEIGHED,
    Change,
    find_changes_file,
    read_changes,
    write_changes,
)
from headstart.inspection.decision_matching import MatchedDecisions, match_decisions
from headstart.inspection.decisions import KEEP, Decision
from headstart.inspection.finding import KINDS, Finding
from headstart.storage.local_files import delete_file
from headstart.storage.photo_folder import shorten_path


@dataclass(frozen=True, kw_only=True)
class Corrections:
    """A corrected catalog, and what was changed.

    Attributes
    ----------
    catalog
        The corrected catalog.
    changes
        Changes to the photos of the source, in their order.
    earlier
        Changes that had been applied to the source before.
    decided
        Digests of the photos that a person decided about.
    n_kept
        Number of photos that a person decided to keep as they are.
    n_done
        Number of decisions that the source already follows.
    n_skipped
        Number of rows that decide nothing.
    n_left_open
        Number of findings of copies with several labels, which no rule decides.
    n_lost
        Number of pictures of which no file stays, although decisions that were written by hand name only some of the
        files with the same bytes.
    not_found
        Paths of unreadable files that a person left out and that are not there.
    """

    catalog: Catalog
    changes: tuple[Change, ...]
    earlier: tuple[Change, ...] = ()
    decided: frozenset[str] = frozenset()
    n_kept: int = 0
    n_done: int = 0
    n_skipped: int = 0
    n_left_open: int = 0
    n_lost: int = 0
    not_found: tuple[str, ...] = ()

    def count(self, change: str) -> int:
        """Return the number of changes of a kind: ``drop``, ``relabel`` or ``weigh``."""
        return sum(row.change == change for row in self.changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the corrections in plain JSON types."""
        return {
            "schema": 1, "source": self.catalog.source, "n_photos": len(self.catalog.photos),
            "n_dropped": self.count(DROPPED), "n_relabelled": self.count(RELABELLED),
            "n_weighed": self.count(WEIGHED), "n_kept": self.n_kept,
            "n_done": self.n_done, "n_skipped": self.n_skipped, "n_left_open": self.n_left_open,
            "n_lost": self.n_lost, "not_found": list(self.not_found),
            "changes": [dict(zip(COLUMNS, astuple(change), strict=True)) for change in self.changes],
        }  # fmt: skip


def correct_catalog(
    catalog: Catalog, decisions: Sequence[Decision] = (), *, findings: Sequence[Finding] = (),
    drop: Collection[str] = (), relabel_from: float | None = None, is_new_class_allowed: bool = False,
    problems: Sequence[str] = (),
) -> Corrections:  # fmt: skip
    """Apply the decisions of a person, and then rules, to a catalog.

    Parameters
    ----------
    catalog
        The photos, as `scan_for_audit` gives them.
    decisions
        Decisions about photos. They come before rules.
    findings, drop, relabel_from
        Findings, and the rules of `plan_changes` for them.
    is_new_class_allowed
        Whether a photo may get a label that no photo has.
    problems
        Problems with rows of decisions, as `read_decisions` gives them: the error names them with the others.

    Raises
    ------
    AuditError
        If a decision cannot be applied (the message lists all problems), or no photo remains.
    """
    earlier = read_changes(catalog.source)
    matched = match_decisions(decisions, catalog, earlier, is_new_class_allowed=is_new_class_allowed, problems=problems)
    found = matched.implied | matched.named
    rules = plan_changes(
        findings, catalog.photos, drop=drop, relabel_from=relabel_from,
        decided={n: decision.decision for n, decision in matched.named.items()},
        implied={n: decision.decision for n, decision in matched.implied.items()},
        labels={n: decision.new_label for n, decision in found.items() if decision.decision == RELABELLED},
    )  # fmt: skip
    planned, n_kept = dict(rules.planned), 0
    for n, decision in found.items():
        if decision.decision != KEEP:
            planned[n] = PlannedChange(
                decision.decision, decision.new_label, _explain(decision, is_implied=n in matched.implied)
            )
        n_kept += n not in planned
    photos, changes, n_done = [], [], matched.n_done
    for n, photo in enumerate(catalog.photos):
        plan = planned.get(n)
        if plan is None or (plan.change == RELABELLED and plan.new == photo.label):
            n_done += plan is not None
            photos.append(photo)
            continue
        changes.append(
            Change(shorten_path(photo.file, None), photo.digest, plan.change, photo.label, plan.new, plan.reason)
        )
        if plan.change == RELABELLED:
            photos.append(replace(photo, label=plan.new))
    if not photos:
        raise AuditError(f"Cannot correct '{catalog.source}': got no photo that remains, need one. Keep photos.")
    return Corrections(
        catalog=replace(catalog, photos=tuple(photos)), changes=tuple(changes), earlier=earlier,
        decided=frozenset(catalog.photos[n].digest for n in found), n_kept=n_kept,
        n_done=n_done, n_skipped=matched.n_skipped, n_left_open=rules.n_left_open,
        n_lost=_count_lost(catalog, matched, planned), not_found=tuple(matched.not_found),
    )  # fmt: skip


def write_corrections(corrections: Corrections, path: Path, *, is_replacing: bool = False) -> Path:
    """Write the corrected catalog as a CSV that `scan_photos` takes, and beside it ``NAME-changes.csv``.

    The same corrections give the same bytes. A file with the same bytes is left alone.

    Parameters
    ----------
    is_replacing
        Whether files with other content are replaced.

    Returns
    -------
    The path of the record of changes. It also holds the changes that had been applied to the source before.

    Raises
    ------
    AuditError
        If a file exists and is not replaced, or cannot be written.
    """
    record = find_changes_file(path)
    drafts = {path: _name_draft(path), record: _name_draft(record)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_changes([*corrections.earlier, *corrections.changes], drafts[record])
        corrections.catalog.write_csv(drafts[path])
        new = [target for target in (record, path) if not _is_same(target, drafts[target])]
        other = [target for target in new if target.exists()]
        if other and not is_replacing:
            raise AuditError(
                f"Cannot write '{other[0]}': it exists already, with other content. Give --overwrite to replace it, or "
                "another --out.", path=other[0],
            )  # fmt: skip
        for target in new:  # the corrected catalog last: its changes are then recorded
            drafts[target].replace(target)
    except OSError as error:
        raise AuditError(
            f"Cannot write '{path}': {error.strerror or error}. Choose another --out.", path=path
        ) from None
    finally:
        for draft in drafts.values():
            delete_file(draft)
    return record


def _name_draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.draft-{os.getpid()}")


def _is_same(one: Path, other: Path) -> bool:
    return one.is_file() and one.read_bytes() == other.read_bytes()


def _explain(decision: Decision, *, is_implied: bool) -> str:
    """Return the reason of a decision: the kind of finding, the photo decided about if it is another, and the note."""
    kind = KINDS[decision.kind].name if decision.kind in KINDS else decision.kind
    reason = "Decided by a person" + (f" ({kind})" if kind else "")
    if is_implied:
        reason += f" about '{decision.path}', which has the same bytes"
    return reason + (f": {decision.note}" if decision.note else ".")


def _count_lost(catalog: Catalog, matched: MatchedDecisions, planned: Mapping[int, PlannedChange]) -> int:
    """Return the number of pictures of which no file stays although decisions by hand name only some of its files."""
    kept = {photo.digest for n, photo in enumerate(catalog.photos) if n not in planned or planned[n].change != DROPPED}
    implied = {
        catalog.photos[n].digest
        for n, decision in matched.implied.items()
        if decision.decision == DROPPED and decision.kind not in KINDS
    }
    return len(implied - kept)
