"""The content of the page of an audit: findings, photos with thumbnails, neighbours, typical photos and the map."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo, digest_photos
from headstart.inspection.finding import KINDS, Finding
from headstart.inspection.page_thumbnails import LARGE_PX, SMALL_PX, read_thumbnails
from headstart.inspection.photo_set import PhotoSet
from headstart.process.progress import Progress, ignore_progress
from headstart.report.audit_page import AuditContent
from headstart.storage.remote_paths import RemotePath, make_path

N_NEIGHBOURS = N_TYPICAL = 8
N_LARGE = 60  # findings whose photos get a larger thumbnail
N_SMALL = 1_500  # findings whose photos get a thumbnail
N_BESIDE = 200  # findings whose neighbours get one
MAX_PHOTOS = 12  # of a finding, that get a thumbnail
MAX_THUMBNAILS = 4_000  # 17 MB; other photos are loaded from their files
MAX_POINTS = 20_000  # of the map


def build_content(
    photos: PhotoSet, findings: Sequence[Finding], *, title: str, sentences: Sequence[str],
    nearest: npt.NDArray[np.int64] | None = None, curve: Sequence[tuple[int, float]] = (),
    places: npt.NDArray[np.float32] | None = None, map_name: str | None = None, folder: Path | None = None,
    depth: int = 16, progress: Progress = ignore_progress,
) -> AuditContent:  # fmt: skip
    """Collect what the page of an audit shows, and make the thumbnails.

    Parameters
    ----------
    findings
        Findings in the order of the page.
    nearest
        (N, n) numbers of the nearest photos of every photo, the nearest first, -1 for none.
    curve
        Pairs (k, share of the expected gain of all, 0 to 1) for "look at the first k".
    places
        (N, 2) places of the photos on the map, 0 to 1.
    map_name
        Method of the map in words.
    folder
        Folder of the page: the photos are linked relative to it, so that both can be moved together. None: absolute.
    depth
        As for `read_photo`.
    """
    table = _PhotoTable(photos, folder)
    rows: dict[str, list[int]] = {}
    for row, photo in enumerate(photos.photos):
        rows.setdefault(photo.digest, []).append(row)
    near = [_list_nearest(finding, photos, rows, nearest) for finding in findings]
    records = [_describe_finding(finding, table, paths) for finding, paths in zip(findings, near, strict=True)]
    typical = choose_typical(photos, findings)
    n_photos = dict.fromkeys(photos.labels, 0)
    for photo in photos.catalog.photos:
        n_photos[photo.label] = n_photos.get(photo.label, 0) + 1
    classes = [
        {"label": label, "n": n, "typical": [table.number(photos.photos[i].file) for i in typical.get(label, ())]}
        for label, n in n_photos.items()
    ]
    if places is not None:
        for i in _thin(len(photos.photos)):
            table.records[table.number(photos.photos[i].file)]["at"] = [round(float(x), 4) for x in places[i]]
    sizes = _choose_sizes(records, classes, table.records)
    thumbnails = read_thumbnails(sizes, depth=depth, progress=progress)
    for record in table.records:
        record["thumbnail"] = thumbnails.get(record["path"])
    return AuditContent(
        audit_id=digest_photos(photos.catalog.photos), title=title, sentences=sentences, photos=table.records,
        source=photos.catalog.source, findings=records, classes=classes, curve=curve,
        map_name=None if places is None else map_name,
    )  # fmt: skip


class _PhotoTable:
    """Records of the photos of the page, each path once, in the order in which they are asked for."""

    def __init__(self, photos: PhotoSet, folder: Path | None) -> None:
        self.records: list[dict[str, Any]] = []
        self._numbers: dict[str, int] = {}
        self._photos = {photo.file: photo for photo in photos.catalog.photos}
        self._folder = folder

    def number(self, path: str, digest: str = "") -> int:
        """Return the position of a photo's record; ``digest`` is that of a file that the catalog does not have."""
        if path not in self._numbers:
            photo: Photo | None = self._photos.get(path)
            self._numbers[path] = len(self.records)
            self.records.append({
                "path": path, "label": photo and photo.label, "digest": photo.digest if photo else digest,
                "split": photo and photo.split, "thumbnail": None, "url": link_photo(path, self._folder), "at": None,
            })  # fmt: skip
        return self._numbers[path]


def _list_nearest(
    finding: Finding, photos: PhotoSet, rows: Mapping[str, Sequence[int]], nearest: npt.NDArray[np.int64] | None
) -> list[str]:
    """Return the paths of the photos nearest to the first photo of a finding, without those that the finding names."""
    found = rows.get(finding.digests[0], ()) if finding.digests else ()
    if nearest is None or not found:
        return []
    row = next((row for row in found if photos.photos[row].label == finding.label), found[0])
    paths = [photos.photos[i].file for i in nearest[row] if i >= 0]
    return [path for path in paths if path not in finding.photos][:N_NEIGHBOURS]


def _describe_finding(finding: Finding, table: _PhotoTable, near: Sequence[str]) -> dict[str, Any]:
    numbers = [table.number(path, digest) for path, digest in zip(finding.photos, finding.digests, strict=True)]
    return {
        "kind": finding.kind, "name": KINDS[finding.kind].name, "photos": numbers, "label": finding.label,
        "suggested": finding.suggested, "score": round(float(finding.score), 4), "evidence": finding.evidence,
        "action": finding.action, "neighbours": [table.number(path) for path in near],
    }  # fmt: skip


def choose_typical(photos: PhotoSet, findings: Sequence[Finding], n: int = N_TYPICAL) -> dict[str, list[int]]:
    """Return the row numbers of the ``n`` photos nearest to the mean of each class, the nearest first.

    Features are standardised. Photos that a finding is about are left out, and of near copies all but one.
    """
    named = {finding.digests[0] for finding in findings if finding.digests}
    mean, spread = photos.X.mean(0), photos.X.std(0) + np.float32(1e-6)
    typical: dict[str, list[int]] = {}
    for number, label in enumerate(photos.labels):
        rows = np.flatnonzero(photos.y == number)
        if not rows.size:
            continue
        Z = (photos.X[rows] - mean) / spread
        order = rows[np.argsort(((Z - Z.mean(0)) ** 2).sum(1), kind="stable")]
        chosen: list[int] = []
        units: set[str] = set()
        for row in map(int, order):
            unit = photos.units[row] if photos.units is not None else photos.photos[row].digest
            if photos.photos[row].digest in named or unit in units:
                continue
            units.add(unit)
            chosen.append(row)
            if len(chosen) == n:
                break
        typical[label] = chosen
    return typical


def link_photo(path: str, folder: Path | None = None) -> str | None:
    """Return the address of a photo file for a browser; None for a photo in a store.

    Examples
    --------
    >>> link_photo("/photos/a cat #1.jpg"), link_photo("/photos/cat.jpg", Path("/photos/audits/one"))
    ('file:///photos/a%20cat%20%231.jpg', '../../cat.jpg')
    >>> link_photo("s3://bucket/cat.jpg") is None
    True
    """
    place = make_path(path)
    if isinstance(place, RemotePath):
        return None
    head, name = os.path.split(os.path.abspath(path))  # noqa: PTH100  Path.absolute keeps ..
    return f"{_link_folder(head, folder)}/{quote_from_bytes(os.fsencode(name))}"


@lru_cache(1_000)
def _link_folder(place: str, folder: Path | None) -> str:
    if folder is not None:
        try:
            return quote_from_bytes(os.fsencode(os.path.relpath(place, folder).replace(os.sep, "/")))
        except ValueError:  # another drive of Windows
            pass
    return Path(place).as_uri().rstrip("/")


def _thin(n: int) -> Sequence[int]:
    """Return the row numbers of the photos of the map: all, or an even sample (rows are sorted by digest)."""
    return range(n) if n <= MAX_POINTS else [round(i) for i in np.linspace(0, n - 1, MAX_POINTS)]


def _list_shown(finding: dict[str, Any]) -> Sequence[int]:
    """Return the photos of a finding that the page shows at once: of copies, the last one is the one to keep."""
    numbers: Sequence[int] = finding["photos"]
    return numbers if len(numbers) <= MAX_PHOTOS else [*numbers[: MAX_PHOTOS - 1], numbers[-1]]


def _choose_sizes(
    findings: Sequence[dict[str, Any]], classes: Sequence[dict[str, Any]], records: Sequence[dict[str, Any]]
) -> dict[str, int]:
    """Return the sizes of the thumbnails by path, those that are seen first at the start, at most 4,000."""
    sizes: dict[int, int] = {}
    for finding in findings[:N_LARGE]:
        sizes |= dict.fromkeys(_list_shown(finding), LARGE_PX)
    for one in classes:
        for i in one["typical"]:
            sizes.setdefault(i, SMALL_PX)
    for finding in findings[:N_BESIDE]:
        for i in finding["neighbours"]:
            sizes.setdefault(i, SMALL_PX)
    for finding in findings[:N_SMALL]:
        for i in _list_shown(finding):
            sizes.setdefault(i, SMALL_PX)
    return {records[i]["path"]: sizes[i] for i in list(sizes)[:MAX_THUMBNAILS]}
