"""Find copies, near copies and look-alikes: one finding for each group of files that show the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import SPLITS, Photo
from headstart.features.near_copies import CopyPair
from headstart.inspection.finding import Finding
from headstart.inspection.photo_set import PhotoSet

# scores: the worse the consequence, the higher. Two labels: one is wrong. Two splits: the evaluation is too good.
OF_LABELS, OF_SPLITS, OF_ONE = 1.0, 0.8, 0.6
KEEP_RIGHT = "Keep one of the photos, with the label that is right."
SPREAD = 0.2  # what the correlation of near copies takes off
N_HEADERS, USUAL = 200, 0.1  # headers that are read; share of them that makes a compression usual
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
_SPLITS = {"train": "training", "validation": "validation", "test": "test"}


def find_copies(photos: PhotoSet) -> list[Finding]:
    """Find files with the same bytes (``copy``), and photos that were saved again or resized (``near_copy``).

    The first photo of a finding is the one to look at: its label is that of the fewest copies, or its split is the
    last, or it has the fewest pixels, no Exif data, an unusual compression, or the longest name. The last photo is
    the one to keep. Findings with several labels come first, then those across splits.
    """
    by_digest: dict[str, list[Photo]] = {}
    for photo in photos.catalog.photos:
        by_digest.setdefault(photo.digest, []).append(photo)
    fits = _ClassFits(photos)
    found = [_report_copies(same, fits) for same in by_digest.values() if len(same) > 1]
    found += [
        _report_near_copies(_drop_copies(by_digest, pairs), pairs, fits) for pairs in _group_pairs(photos, by_digest)
    ]
    return sorted(found, key=lambda finding: (-finding.score, finding.kind, finding.photos))


def find_lookalikes(photos: PhotoSet) -> list[Finding]:
    """List pairs of photos that look alike and are no copies (``lookalike``), the strongest first."""
    names, rows = photos.near_copies.names, {photo.digest: n for n, photo in enumerate(photos.photos)}
    found = []
    for pair in photos.near_copies.lookalikes:
        is_known = pair.first in names and names[pair.first] == names.get(pair.second)
        if is_known or not {pair.first, pair.second} <= rows.keys():
            continue
        cosine = pair.cosine or 0.0
        evidence = (
            f"The photos look alike, and are no copies: the details of their thumbnails correlate by "
            f"{pair.correlation:.2f}, and the cosine of their features is {cosine:.2f}."
        )
        score = max(0.0, min(1.0, (pair.correlation + cosine) / 2))
        found.append(photos.find("lookalike", [rows[pair.first], rows[pair.second]], score=score, evidence=evidence))
    return sorted(found, key=lambda finding: (-finding.score, finding.photos))


def _report_copies(same: Sequence[Photo], fits: _ClassFits) -> Finding:
    labels, splits = _list_labels(same), _list_splits(same)
    if len(labels) > 1:
        evidence = f"The same photo has {_count(len(labels))} labels: {_join(labels)}."
    elif len(splits) > 1:
        evidence = f"The same photo is in {_join(splits)}."
    else:
        evidence = f"{_count(len(same)).capitalize()} files have the same bytes."
    return _report("copy", same, evidence, fits, certainty=1.0)


def _report_near_copies(alike: Sequence[Photo], pairs: Sequence[CopyPair], fits: _ClassFits) -> Finding:
    labels, splits = _list_labels(alike), _list_splits(alike)
    if len(labels) > 1:
        evidence = f"The photos are nearly the same, and have {_count(len(labels))} labels: {_join(labels)}"
    elif len(splits) > 1:
        evidence = f"Photos that are nearly the same are in {_join(splits)}"
    else:
        evidence = f"{_count(len(alike)).capitalize()} photos are nearly the same"
    correlations = sorted(pair.correlation for pair in pairs)
    low, high = f"{correlations[0]:.2f}", f"{correlations[-1]:.2f}"
    by = f"the details of their thumbnails correlate by {high if low == high else f'{low} to {high}'}."
    if {pair.kind for pair in pairs} == {"crop"}:
        evidence += f". They may be cropped or turned: once aligned, {by}"
    else:
        evidence += f". They may be saved again, resized or taken at one time: {by}"
    return _report("near_copy", alike, evidence, fits, certainty=max(0.0, min(1.0, correlations[-1])))


def _report(kind: str, same: Sequence[Photo], evidence: str, fits: _ClassFits, *, certainty: float) -> Finding:
    labels, splits = _list_labels(same), _list_splits(same)
    score = OF_LABELS if len(labels) > 1 else OF_SPLITS if len(splits) > 1 else OF_ONE
    sizes = Counter(photo.label for photo in same)
    known = {label: fits.measure(same, label) if len(labels) > 1 else 0.0 for label in labels}
    ordered = sorted(
        same, reverse=True,
        key=lambda photo: (-sizes[photo.label], -known[photo.label], *_rank_original(photo, fits.rank_file(photo))),
    )  # fmt: skip
    usual = ordered[-1].label
    # the label of most of them, or the one that fits; byte-identical copies with as many of each label suggest nothing
    is_tied = kind == "copy" and sizes[usual] == sizes[ordered[0].label]
    return Finding(
        kind=kind, photos=tuple(photo.file for photo in ordered), digests=tuple(photo.digest for photo in ordered),
        label=ordered[0].label, suggested=None if is_tied or usual == ordered[0].label else usual,
        score=score - SPREAD * (1 - certainty), evidence=evidence, own_action=KEEP_RIGHT if len(labels) > 1 else None,
    )  # fmt: skip


class _ClassFits:
    """How well photos fit a class: the length of their features along the mean of the class, from that of all.

    Also which file looks like the original.
    """

    def __init__(self, photos: PhotoSet) -> None:
        self._photos = photos

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {photo.digest: n for n, photo in enumerate(self._photos.photos)}

    @cached_property
    def _means(self) -> npt.NDArray[np.float32]:
        """(C, D), each of length 1."""
        X, y = self._photos.X, self._photos.y
        means = np.stack([X[y == n].mean(0) if (y == n).any() else X.mean(0) for n in range(len(self._photos.labels))])
        means -= X.mean(0)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
        return means

    @cached_property
    def _usual(self) -> set[tuple[str, str | None]]:
        """Formats and JPEG tables that a tenth of the set has, by at most `N_HEADERS` photos."""
        n = len(self._photos.photos)
        some = [self._photos.read_facts(row) for row in range(0, n, max(1, n // N_HEADERS))]
        counts = Counter((facts.format, facts.tables) for facts in some if facts is not None)
        return {saved for saved, count in counts.items() if count >= USUAL * len(some)}

    def rank_file(self, photo: Photo) -> tuple[int, bool, bool]:
        """Return a sort key, least for the original: by pixels, Exif data, and compression as usual in the set."""
        row = self._rows.get(photo.digest)
        facts = None if row is None else self._photos.read_facts(row)
        if facts is None:
            return 0, True, True
        return -facts.width * facts.height, not facts.has_exif, (facts.format, facts.tables) not in self._usual

    def measure(self, some: Sequence[Photo], label: str) -> float:
        """Return how well photos fit a class; 0 if their features or the class are not known."""
        rows = [self._rows[photo.digest] for photo in some if photo.digest in self._rows]
        if not rows or label not in self._photos.labels:
            return 0.0
        return float((self._photos.X[rows] @ self._means[self._photos.labels.index(label)]).mean())


def _rank_original(photo: Photo, file: tuple[int, bool, bool]) -> tuple[int, int, bool, bool, int, str]:
    """Return what is least for the original of some copies.

    A copy has fewer pixels; or no Exif data, which programs drop; or was saved unlike most of the set, at another
    quality or in another format; or has a longer name, such as ``1 (copy).jpg``.
    """
    split = len(SPLITS) if photo.split is None else SPLITS.index(photo.split)
    return split, *file, len(photo.file), photo.file


def _group_pairs(photos: PhotoSet, by_digest: dict[str, list[Photo]]) -> Iterable[list[CopyPair]]:
    """Return the pairs of each group of near copies; then single pairs that are in two groups.

    Two groups that the user named are never joined, and chains of near copies are cut. Of the pairs between two groups,
    the strongest of each photo is reported if the labels or splits differ.
    """
    names, groups, single = photos.near_copies.names, dict[str, list[CopyPair]](), list[CopyPair]()
    seen: set[str] = set()
    for pair in photos.near_copies.pairs:
        if not {pair.first, pair.second} <= by_digest.keys():
            continue
        if names.get(pair.first, "") == names.get(pair.second, None):
            groups.setdefault(names[pair.first], []).append(pair)
        elif seen.isdisjoint((pair.first, pair.second)):
            both = by_digest[pair.first] + by_digest[pair.second]
            if len(_list_labels(both)) > 1 or len(_list_splits(both)) > 1:
                seen |= {pair.first, pair.second}
                single.append(pair)
    return [*groups.values(), *([pair] for pair in single)]


def _drop_copies(by_digest: dict[str, list[Photo]], pairs: Sequence[CopyPair]) -> list[Photo]:
    """Return the photos of some pairs; of files with the same bytes, label and split the first."""
    digests = dict.fromkeys(digest for pair in pairs for digest in (pair.first, pair.second))
    chosen = {
        (digest, photo.label, photo.split): photo
        for digest in digests for photo in reversed(by_digest[digest])
    }  # fmt: skip
    return list(chosen.values())


def _list_labels(photos: Iterable[Photo]) -> list[str]:
    return sorted({photo.label for photo in photos})


def _list_splits(photos: Iterable[Photo]) -> list[str]:
    splits = {photo.split for photo in photos}
    return [_SPLITS[split] for split in SPLITS if split in splits]


def _join(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _count(n: int) -> str:
    return _NUMBERS.get(n, f"{n:,}")
