"""Find the runs and audits that hold photos, by digest, and the files in them that name or may show these photos."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.catalog.photo import SPLITS, Photo
from headstart.classifier.file import read_classifier
from headstart.errors import HeadstartError, RunError
from headstart.report.page import CHARTS
from headstart.runs.photo_names import Places, find_named, list_texts, spell_names, spell_places
from headstart.runs.run_folder import AUDIT, RUN, FolderKind
from headstart.runs.run_tables import read_run_photos
from headstart.storage.local_files import read_regular
from headstart.storage.photo_folder import RECORD, join_folder, read_photo_folder

CATALOG = "catalog.csv"
MODEL = "model.onnx"  # has the first bytes of the digests of its training photos
WITHOUT_CATALOG = "run without catalog.csv"
WITHOUT_PHOTOS = frozenset({*CHARTS, "strangers"})  # figures that show no photo of the user
PAGES = ("report.html", "audit.html")  # with thumbnails


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A run or an audit that holds photos.

    Attributes
    ----------
    folder
        Its folder.
    kind
        ``run``, ``audit`` or ``run without catalog.csv``.
    photos
        Digest, path in the run's table, label and split of each of the photos; of an audit, or a run without
        catalog.csv, the digest alone.
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
    """Return the folders of runs and audits in these folders, at any depth, each once; also runs that lost files."""
    found: dict[Path, tuple[Path, FolderKind]] = {}
    for folder in folders:
        for place, inside, names in os.walk(folder):
            inside.sort()
            kind = RUN if {RUN.record, CATALOG} <= set(names) else AUDIT if AUDIT.record in names else None
            if kind is not None:
                inside.clear()
            elif {RECORD, MODEL} & set(names):  # it may be a folder of runs, too
                kind = RUN
            if kind is not None:
                found.setdefault(Path(place).resolve(), (Path(place), kind))
    return list(found.values())


def find_traces(
    results: Iterable[tuple[Path, FolderKind]], places: Places, here: Collection[Path] = ()
) -> tuple[list[Trace], list[str]]:
    """Find the runs and audits that hold photos.

    Parameters
    ----------
    places
        Paths of the photos by digest. A run is searched by digest. A run without catalog.csv, and the table of an
        audit, are also searched by path.
    here
        Folders to which paths in audits may be relative.

    Returns
    -------
    The traces, and a sentence for each folder that cannot be read, or not as a whole.
    """
    traces, problems = [], []
    for folder, kind in results:
        try:
            if kind is AUDIT:
                trace = _find_in_audit(folder, places, here)
            elif (folder / CATALOG).is_file():
                trace = _find_in_run(folder, places)
            else:
                trace = _find_without_catalog(folder, places, here)
                if (folder / RECORD).is_file() or (folder / RUN.record).is_file():
                    problems.append(
                        f"'{folder}' has no {CATALOG}: its other files were searched, which do not name all photos. "
                        f"Put {CATALOG} back and run the command again, or delete the folder."
                    )
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
    return Trace(
        folder=folder, kind=RUN.name,
        photos=tuple({"digest": p.digest, "path": p.file, "label": p.label, "split": p.split} for p in held),
        naming=_list_naming(folder, held), showing=_list_showing(folder),
    )  # fmt: skip


def _find_without_catalog(folder: Path, places: Places, here: Collection[Path]) -> Trace | None:
    """Search the files of a run that lost its catalog.csv, by digest and by path."""
    recorded = read_photo_folder(folder / CATALOG)
    short = {digest: ["/".join(Path(path).parts[-2:]) for path in paths] for digest, paths in places.items()}
    names = spell_places(places, [*here, *([] if recorded is None else [recorded])]) | spell_names(
        (path, digest) for digest, paths in short.items() for path in paths
    )
    named = {path.name: find_named(path, names, is_whole=False) for path in list_texts(folder)}
    seen = _list_trained_on(folder / MODEL, places)
    digests = seen.union(*named.values())
    if not digests:
        return None
    naming = [name for name, found in named.items() if found]
    return Trace(
        folder=folder, kind=WITHOUT_CATALOG, photos=_list_digests(digests),
        naming=(*naming, *([MODEL] if seen else [])), showing=_list_showing(folder),
    )  # fmt: skip


def _find_in_audit(folder: Path, places: Places, here: Collection[Path]) -> Trace | None:
    texts = list_texts(folder)
    names = spell_names((digest, digest) for digest in places)
    digests = frozenset[str]().union(*(find_named(path, names) for path in texts))
    if not digests:
        return None
    held = {digest: places[digest] for digest in digests}
    # findings.csv has no digests
    names = spell_places(held, here) | spell_names(_list_audit_paths(folder, digests))
    naming = tuple(path.name for path in texts if find_named(path, names))
    return Trace(
        folder=folder, kind=AUDIT.name, photos=_list_digests(digests), naming=naming, showing=_list_pages(folder)
    )


def _list_audit_paths(folder: Path, digests: Collection[str]) -> list[tuple[str, str]]:
    """Return the paths of photos as an audit writes them, with their digests."""
    try:
        findings = json.loads(read_regular(folder / AUDIT.record))["findings"]
        pairs = [pair for one in findings for pair in zip(one["photos"], one["digests"], strict=True)]
        return [(str(path), digest) for path, digest in pairs if digest in digests]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []


def _list_digests(digests: Iterable[str]) -> tuple[dict[str, str | None], ...]:
    return tuple({"digest": digest, "path": None, "label": None, "split": None} for digest in sorted(digests))


def _list_naming(folder: Path, photos: Collection[Photo]) -> tuple[str, ...]:
    """Return the files that have the path or the digest of a photo, as a CSV, JSON or a page writes it."""
    names = spell_names((name, photo.digest) for photo in photos for name in (photo.digest, photo.file))
    named = [path.name for path in list_texts(folder) if find_named(path, names, is_whole=False)]
    return (*named, *([MODEL] if _list_trained_on(folder / MODEL, [photo.digest for photo in photos]) else []))


def _list_trained_on(model: Path, digests: Iterable[str]) -> frozenset[str]:
    """Return the digests that a classifier file was trained on; one that cannot be read says nothing."""
    try:
        metadata = read_classifier(model).metadata
    except HeadstartError:
        return frozenset()
    return frozenset(digest for digest in digests if metadata.has_seen(digest))


def _list_showing(folder: Path) -> tuple[str, ...]:
    """Return the page and the figures of a run that show photos."""
    figures = sorted((folder / "figures").glob("*.png"))
    return (*_list_pages(folder), *(f"figures/{path.name}" for path in figures if path.stem not in WITHOUT_PHOTOS))


def _list_pages(folder: Path) -> tuple[str, ...]:
    return tuple(name for name in PAGES if (folder / name).is_file())
