"""Changes that rules make of findings without a person: photos that are left out, labels that are replaced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from headstart.catalog.photo import Photo
from headstart.inspection.changes import DROPPED, RELABELLED
from headstart.inspection.finding import KINDS, Finding

LIKELY = 0.5  # probability of the suggested label below which it is not given: another may be right
COPIES = ("copy", "near_copy")  # kinds of which one photo stays


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What is done to a photo: ``drop``, or ``relabel`` to ``new``; and the reason."""

    change: str
    new: str
    reason: str

    @classmethod
    def drop(cls, finding: Finding) -> PlannedChange:
        """Return the change that leaves a photo out because of a finding."""
        return cls(DROPPED, "", _explain(finding))


def plan_changes(
    findings: Sequence[Finding], photos: Sequence[Photo], *, drop: Collection[str] = (),
    relabel_from: float | None = None, decided: Mapping[int, str], implied: Mapping[int, str] | None = None,
    labels: Mapping[int, str] | None = None,
) -> AutomaticChanges:  # fmt: skip
    """Plan what to do about findings.

    Parameters
    ----------
    photos
        Photos of the catalog, which the positions in the result and in ``decided`` are of.
    drop
        Kinds of findings whose photos are left out. Of copies and near copies, one photo of each finding stays: the
        last one, which `find_copies` takes for the original.
    relabel_from
        Score from which photos with a wrong label get the suggested one, if its probability is at least one half.
        None: no label is replaced.
    decided
        What a person decided about photos (``keep``, ``relabel``, ``drop``). No rule changes these photos.
    implied
        The same about other files of the same content. Only a rule about copies changes these.
    labels
        The labels that a person gave to photos.
    """
    changes = AutomaticChanges(photos, decided, implied or {}, labels or {})
    chosen = [finding for finding in findings if finding.kind in drop]
    for finding in chosen:
        if finding.kind not in COPIES:
            changes.drop_all(finding)
    for finding in chosen:
        if finding.kind in COPIES:
            changes.drop_surplus(finding)
    for finding in findings:
        is_wrong = relabel_from is not None and finding.kind == "wrong_label" and finding.score >= relabel_from
        if is_wrong and finding.suggested is not None and (finding.suggested_probability or 0) >= LIKELY:
            changes.relabel(finding, finding.suggested)
    return changes


class AutomaticChanges:
    """Planned changes by the position of the photo in the catalog.

    Attributes
    ----------
    planned
        The changes.
    n_left_open
        Number of findings of copies with several labels that are not decided: only a person knows which label is
        right.
    """

    def __init__(
        self, photos: Sequence[Photo], decided: Mapping[int, str], implied: Mapping[int, str],
        labels: Mapping[int, str],
    ) -> None:  # fmt: skip
        self._photos, self._decided, self._implied, self._labels = photos, decided, implied, labels
        self._by_path = {name: n for n, photo in enumerate(photos) for name in (photo.file, str(photo.path))}
        self._by_digest: dict[str, list[int]] = {}
        for n, photo in enumerate(photos):
            self._by_digest.setdefault(photo.digest, []).append(n)
        self.planned: dict[int, PlannedChange] = {}
        self.n_left_open = 0

    def drop_all(self, finding: Finding) -> None:
        """Leave out the photos of a finding, with all files of the same content."""
        self._change(
            self._list_free(n for unit in self._list_contents(finding) for n in unit), PlannedChange.drop(finding)
        )

    def drop_surplus(self, finding: Finding) -> None:
        """Leave out the photos of a finding of copies but one, if those that a person left in have one label."""
        units = self._list_contents(finding)
        if finding.kind == "copy":  # its photos are files of one content
            units = [[self._by_path[path]] for path in finding.photos if path in self._by_path]
        present = [unit for unit in ([n for n in unit if not self._is_gone(n)] for unit in units) if unit]
        if len({self._labels.get(n, self._photos[n].label) for unit in present for n in unit}) > 1:
            self.n_left_open += any(n not in self._decided for unit in present for n in unit)
            return
        kept = [unit for unit in present if any(n in self._decided for n in unit)] or present[-1:]
        self._change((n for unit in present if unit not in kept for n in unit), PlannedChange.drop(finding))

    def relabel(self, finding: Finding, label: str) -> None:
        """Give the photo of a finding another label, with all files of the same content and label."""
        same = [n for n in self._by_digest.get(finding.digests[0], []) if self._photos[n].label == finding.label]
        self._change(self._list_free(same), PlannedChange(RELABELLED, label, _explain(finding)))

    def _change(self, at: Iterable[int], planned: PlannedChange) -> None:
        for n in at:
            if n not in self._decided:
                self.planned.setdefault(n, planned)

    def _list_free(self, at: Iterable[int]) -> list[int]:
        """Return the photos about whose content nothing is decided."""
        return [n for n in at if n not in self._implied]

    def _list_contents(self, finding: Finding) -> list[list[int]]:
        """Return the files of each photo of a finding: all of its content, or the file alone without a digest."""
        units: dict[str, list[int]] = {}
        for path, digest in zip(finding.photos, finding.digests, strict=True):
            if digest in self._by_digest:
                units[digest] = self._by_digest[digest]
            elif path in self._by_path:
                units[path] = [self._by_path[path]]
        return list(units.values())

    def _is_gone(self, n: int) -> bool:
        is_planned = n in self.planned and self.planned[n].change == DROPPED
        return is_planned or DROPPED in (self._decided.get(n), self._implied.get(n))


def _explain(finding: Finding) -> str:
    return f"{KINDS[finding.kind].name}, score {finding.score:.2f}: {finding.evidence}"
