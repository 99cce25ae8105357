"""Find the photos of a catalog that decisions are about: by path, or, if a photo was moved, by digest."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.classes import name_classes, suggest_label
from headstart.catalog.photo import Photo
from headstart.errors import AuditError
from headstart.inspection.changes import DROPPED, Change
from headstart.inspection.decisions import DROP, RELABEL, SKIP, Decision
from headstart.inspection.problem_list import describe_problems

UNREADABLE = "unreadable"
COPY = "copy"  # the kind whose findings are about single files; other kinds are about what a photo shows
NO_CLASS = "is no class of the photos"
NEXT_STEP = "Correct the rows of the decisions, or audit the photos again."


@dataclass
class MatchedDecisions:
    """Decisions by the position of the photo in the catalog.

    Attributes
    ----------
    named
        Decisions about photos that a row names.
    implied
        The same decisions about other files with the same content and label.
    n_done
        Number of decisions that were applied before, according to the recorded changes.
    n_skipped
        Number of rows that decide nothing.
    not_found
        Paths of unreadable files that are to be left out and are not there.
    problems
        Problems, one for each row that cannot be applied.
    """

    named: dict[int, Decision] = field(default_factory=dict)
    implied: dict[int, Decision] = field(default_factory=dict)
    n_done: int = 0
    n_skipped: int = 0
    not_found: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def match_decisions(
    decisions: Sequence[Decision], catalog: Catalog, earlier: Sequence[Change] = (), *, is_new_class_allowed: bool,
    problems: Sequence[str] = (),
) -> MatchedDecisions:  # fmt: skip
    """Match decisions to the photos of a catalog.

    A decision is also about other files with the same content and label, unless they have a decision of their own or
    the finding is one of byte-identical copies.

    Parameters
    ----------
    earlier
        Changes that were applied to the catalog before. A photo that they left out need not be there.
    is_new_class_allowed
        Whether a photo may get a label that no photo has.
    problems
        Problems with other rows of the same file, as `read_decisions` gives them.

    Raises
    ------
    AuditError
        If a decision cannot be applied, or there are other problems. The message lists all problems by row, or the
        first ten.
    """
    index = _PhotoIndex(catalog, earlier)
    matched = MatchedDecisions()
    labels = {photo.label for photo in catalog.photos}
    deciding = [decision for decision in decisions if decision.decision != SKIP]
    matched.n_skipped = len(decisions) - len(deciding)
    index.claim(deciding)
    for decision in deciding:
        at = index.find(decision, matched)
        if at and decision.decision == RELABEL:
            photos = [catalog.photos[n] for n in at]
            _check_labels(decision, photos, () if is_new_class_allowed else labels, matched.problems)
        for n in at:
            other = matched.named.setdefault(n, decision)
            _check_agreement(other, decision, catalog.photos[n], matched.problems)
    found = sorted([*problems, *matched.problems], key=_read_number)
    if found:
        next_step = NEXT_STEP
        if any(NO_CLASS in problem for problem in matched.problems):
            next_step += f" The classes are {name_classes(labels)}. If a label is a new class, give --new-classes."
        raise AuditError(describe_problems("apply the decisions", found, next_step))
    matched.implied = _imply_decisions(matched.named, index)
    return matched


def _read_number(problem: str) -> int:
    """Return the number of the row in a problem."""
    return int(re.findall(r"\d+", problem)[0])


def _imply_decisions(named: Mapping[int, Decision], index: _PhotoIndex) -> dict[int, Decision]:
    """Return the decisions about files that no row names but that have the content and label of one.

    If rows decide differently about the same content, such as in two splits, nothing is implied.
    """
    implied: dict[int, Decision] = {}
    unclear = set()
    for n, decision in named.items():
        if decision.kind != COPY or decision.decision == RELABEL:
            for twin in index.list_twins(n):
                if twin not in named and not _agree(implied.setdefault(twin, decision), decision):
                    unclear.add(twin)
    return {n: decision for n, decision in implied.items() if n not in unclear}


class _PhotoIndex:
    """Finds photos by path and by digest."""

    def __init__(self, catalog: Catalog, earlier: Sequence[Change]) -> None:
        self._photos = catalog.photos
        self._folder = Path(catalog.source).expanduser() if catalog.source else None
        if self._folder is not None and self._folder.is_file():
            self._folder = self._folder.parent  # paths in a table are relative to it
        self._by_path = {_normalise(photo.file): n for n, photo in enumerate(catalog.photos)}
        self._by_digest: dict[str, list[int]] = {}
        for n, photo in enumerate(catalog.photos):
            self._by_digest.setdefault(photo.digest, []).append(n)
        dropped = [change for change in earlier if change.change == DROPPED]
        self._skipped = {_normalise(str(skip.path)): skip.reason for skip in catalog.skipped}
        self._dropped = {change.path for change in dropped} | {change.digest for change in dropped}
        self._claimed: set[int] = set()

    def claim(self, decisions: Sequence[Decision]) -> None:
        """Note the photos that decisions name by path: they are not those that others name by digest."""
        found = ((self._find_path(decision), decision) for decision in decisions)
        self._claimed = {n for n, decision in found if n is not None and self._is_unchanged(n, decision)}

    def _find_path(self, decision: Decision) -> int | None:
        n = self._by_path.get(_normalise(decision.path))
        if n is None and self._folder is not None:
            n = self._by_path.get(_normalise(str(self._folder / decision.path)))
        return n

    def _find_skipped(self, path: str) -> str | None:
        """Return why the scan leaves a file out, by its path, or by its folder and name if the folder was moved."""
        places = [path] if self._folder is None else [path, str(self._folder / path)]
        found = [self._skipped[place] for place in map(_normalise, places) if place in self._skipped]
        parts = Path(path).parts[-2:]
        found += [
            reason for place, reason in self._skipped.items() if len(parts) > 1 and Path(place).parts[-2:] == parts
        ]
        return found[0] if found else None

    def _is_unchanged(self, n: int, decision: Decision) -> bool:
        return decision.digest in ("", self._photos[n].digest)

    def find(self, decision: Decision, matched: MatchedDecisions) -> list[int]:
        """Return the photos that a decision names, or add to the problems of ``matched`` or to its number done."""
        n = self._find_path(decision)
        if n is not None and self._is_unchanged(n, decision):
            return [n]
        if n is None and ({_normalise(decision.path), decision.digest} - {""}) & self._dropped:
            matched.n_done += 1
            return []
        reason = None if n is not None else self._find_skipped(decision.path)
        if reason is not None and decision.decision != RELABEL:
            matched.n_done += 1  # the scan leaves it out
            return []
        moved = self._by_digest.get(decision.digest, [])
        if moved:
            return self._choose_moved(moved, decision, matched)
        if n is None and decision.kind == UNREADABLE and decision.decision == DROP:
            matched.not_found.append(decision.path)  # it may be gone, and has no digest to be found by
            return []
        if reason is not None:
            text = f"cannot get a label: it is left out ({reason})"
        elif n is not None:
            text = "has changed since the decision: its digest is another. Look at it again"
        else:
            text = "is not among the photos, by neither its path nor its digest"
            if any("\udc80" <= character <= "\udcff" for character in decision.path):
                text += ". The name is not in UTF-8: save the decisions as UTF-8"
        matched.problems.append(f"row {decision.row}: '{decision.path}' {text}")
        return []

    def _choose_moved(self, moved: list[int], decision: Decision, matched: MatchedDecisions) -> list[int]:
        """Return those of the files with a photo's content that its decision is about."""
        if decision.kind == COPY and decision.decision != RELABEL:
            free = [n for n in moved if n not in matched.named and n not in self._claimed]
            if not free or (decision.decision == DROP and len(moved) == 1):
                matched.n_done += 1  # the last file stays
                return []
            ranked = sorted(free, key=lambda n: self._rank_moved(n, decision))
            return ranked[-1:]
        same = [n for n in moved if self._photos[n].label == decision.label]
        return same or moved

    def _rank_moved(self, n: int, decision: Decision) -> tuple[bool, int, int]:
        """Return a sort key, largest for the file that a decision was about: by its label and the end of its path."""
        photo = self._photos[n]
        parts = zip(reversed(Path(decision.path).parts), reversed(Path(photo.file).parts), strict=False)
        n_same = len(list(takewhile(lambda both: both[0] == both[1], parts)))
        return photo.label == decision.label, n_same, n if decision.decision == DROP else -n

    def list_twins(self, n: int) -> list[int]:
        """Return the other files with the content and the label of a photo."""
        photo = self._photos[n]
        twins = self._by_digest[photo.digest]
        return [twin for twin in twins if twin != n and self._photos[twin].label == photo.label]


def _check_labels(decision: Decision, photos: Sequence[Photo], labels: Collection[str], problems: list[str]) -> None:
    """Add a problem if the new label is no class, or a photo has another label than it had then."""
    if labels and decision.new_label not in labels:
        meant = suggest_label(decision.new_label, labels)
        hint = f" (did you mean '{meant}'?)" if meant else ""
        problems.append(f"row {decision.row}: the new label '{decision.new_label}' {NO_CLASS}{hint}")
        return
    now = [photo.label for photo in photos if photo.label not in (decision.label, decision.new_label)]
    if decision.label and now:
        problems.append(
            f"row {decision.row}: '{decision.path}' now has the label '{now[0]}', but the decision was about the "
            f"label '{decision.label}'"
        )


def _check_agreement(one: Decision, other: Decision, photo: Photo, problems: list[str]) -> None:
    """Add a problem if two rows decide differently about one photo."""
    if not _agree(one, other):
        problems.append(
            f"rows {one.row} and {other.row} decide differently about '{photo.file}': {_describe(one)}, and "
            f"{_describe(other)}"
        )


def _agree(one: Decision, other: Decision) -> bool:
    return (one.decision, one.new_label) == (other.decision, other.new_label)


def _describe(decision: Decision) -> str:
    return f"relabel to '{decision.new_label}'" if decision.decision == RELABEL else decision.decision


def _normalise(file: str) -> str:
    """Return an absolute path, or a URI as it is."""
    return file if "://" in file else os.path.abspath(Path(file).expanduser())  # noqa: PTH100  links stay
