"""Find the runs and audits that hold photos, by digest, and the files in them that name or may show these photos."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.catalog.photo import SPLITS, Photo
from headstart.classifier.file import read_classifier
from headstart.errors import HeadstartError, RunError
from headstart.report.page import CHARTS
from headstart.runs.run_folder import AUDIT, RUN, FolderKind
from headstart.runs.run_tables import read_run_photos
from headstart.storage.photo_folder import join_folder, read_photo_folder
from headstart.storage.spreadsheet_cells import guard_cell

TEXTS = frozenset({".csv", ".json", ".html", ".md"})
MODEL = "model.onnx"  # has the first bytes of the digests of its training photos
PICTURE = re.compile(rb"base64,[A-Za-z0-9+/=]+")  # inside a page
PAGES = ("report.html", "audit.html")  # with thumbnails


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A run or an audit that holds photos.

    Attributes
    ----------
    folder
        Its folder.
    kind
        ``run`` or ``audit``.
    photos
        Digest, path in the run's table, label and split of each of the photos. An audit gives the digest alone.
    naming
        Names of the files with a path or a digest of one of the photos.
    showing
        Names of the files with pictures of photos, of which these may be some.
    """

    folder: Path
    kind: str
    photos: tuple[dict[str, str | None], ...]
    naming: tuple[str, ...]
    showing: tuple[str, ...]

    def count_splits(self) -> dict[str, int]:
        """Return the number of the photos in each split that has some."""
        counts = {split: sum(photo.get("split") == split for photo in self.photos) for split in SPLITS}
        return {split: n for split, n in counts.items() if n}

    def list_digests(self) -> list[str]:
        """Return the digests of the photos, each once."""
        return list(dict.fromkeys(str(photo["digest"]) for photo in self.photos))

    def to_dict(self) -> dict[str, Any]:
        """Return the record for JSON."""
        return {
            "folder": str(self.folder), "kind": self.kind, "splits": self.count_splits(), "photos": list(self.photos),
            "files_that_name_them": list(self.naming), "files_that_may_show_them": list(self.showing),
        }  # fmt: skip


def list_results(folders: Iterable[Path]) -> list[tuple[Path, FolderKind]]:
    """Return the folders of runs and audits in these folders, at any depth, each once."""
    found: dict[Path, tuple[Path, FolderKind]] = {}
    for folder in folders:
        for place, inside, names in os.walk(folder):
            inside.sort()
            kind = RUN if {RUN.record, "catalog.csv"} <= set(names) else AUDIT if AUDIT.record in names else None
            if kind is not None:
                inside.clear()
                found.setdefault(Path(place).resolve(), (Path(place), kind))
    return list(found.values())


def find_traces(results: Iterable[tuple[Path, FolderKind]], digests: Collection[str]) -> tuple[list[Trace], list[str]]:
    """Find the runs and audits that hold photos with these digests.

    Returns
    -------
    The traces, and a sentence for each folder that cannot be read.
    """
    traces, problems = [], []
    for folder, kind in results:
        try:
            trace = _find_in_run(folder, digests) if kind is RUN else _find_in_audit(folder, digests)
        except (RunError, OSError) as error:
            problems.append(f"'{folder}' was not searched: {error}")
            continue
        if trace is not None:
            traces.append(trace)
    return traces, problems


def list_run_photos(results: Iterable[tuple[Path, FolderKind]]) -> Iterator[tuple[str, str]]:
    """Yield the absolute path at the time of training, and the digest, of each photo of the runs that can be read."""
    for folder, kind in results:
        try:
            photos = read_run_photos(folder) if kind is RUN else ()
        except RunError:
            continue
        place = read_photo_folder(folder / "catalog.csv") or Path()
        for photo in photos:
            yield join_folder(place, photo.file), photo.digest


def _find_in_run(folder: Path, digests: Collection[str]) -> Trace | None:
    held = [photo for photo in read_run_photos(folder) if photo.digest in digests]
    if not held:
        return None
    pictures = [path.name for path in sorted((folder / "figures").glob("*.png")) if path.stem not in CHARTS]
    return Trace(
        folder=folder, kind=RUN.name,
        photos=tuple({"digest": p.digest, "path": p.file, "label": p.label, "split": p.split} for p in held),
        naming=_list_naming(folder, held),
        showing=(*_list_pages(folder), *(f"figures/{name}" for name in pictures)),
    )  # fmt: skip


def _find_in_audit(folder: Path, digests: Collection[str]) -> Trace | None:
    texts = {path.name: path.read_bytes() for path in _list_texts(folder)}
    named = {digest for digest in digests if any(digest.encode() in text for text in texts.values())}
    if not named:
        return None
    naming = tuple(name for name, text in texts.items() if any(digest.encode() in text for digest in named))
    photos = tuple({"digest": digest, "path": None, "label": None, "split": None} for digest in sorted(named))
    return Trace(folder=folder, kind=AUDIT.name, photos=photos, naming=naming, showing=_list_pages(folder))


def _list_naming(folder: Path, photos: Collection[Photo]) -> tuple[str, ...]:
    """Return the files that have the path or the digest of a photo, as a CSV, JSON or a page writes it."""
    names: set[str] = set()
    for photo in photos:
        spelled = guard_cell(photo.file)
        names |= {photo.digest, spelled.replace('"', '""'), json.dumps(photo.file)[1:-1], html.escape(photo.file)}
    wanted = sorted(name.encode(errors="surrogateescape") for name in names)
    named = [path.name for path in _list_texts(folder) if _has_any(path, wanted)]
    return (*named, *([MODEL] if _was_trained_on(folder / MODEL, photos) else []))


def _has_any(path: Path, names: Iterable[bytes]) -> bool:
    """Say whether a file has one of the names, not in the middle of a longer path."""
    text = PICTURE.sub(b"", path.read_bytes())
    return any(
        name in text and re.search(rb"(?<![\w.-])" + re.escape(name) + rb"(?![\w.-])", text) is not None
        for name in names
    )


def _was_trained_on(model: Path, photos: Collection[Photo]) -> bool:
    """Say whether a classifier file says so; one that cannot be read says nothing."""
    try:
        metadata = read_classifier(model).metadata
    except HeadstartError:
        return False
    return any(metadata.has_seen(photo.digest) for photo in photos)


def _list_texts(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.suffix in TEXTS and path.is_file()]


def _list_pages(folder: Path) -> tuple[str, ...]:
    return tuple(name for name in PAGES if (folder / name).is_file())
