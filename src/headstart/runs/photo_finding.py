"""Find the photos of a run by their digests, wherever they lie now and however they are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.catalog.hashing import hash_files
from headstart.catalog.photo import Photo
from headstart.catalog.source import Source, find_source, read_source
from headstart.catalog.walk import walk_folder
from headstart.pixels.file_format import is_photo_name
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.photo_folder import join_folder
from headstart.storage.remote_paths import make_path


@dataclass(frozen=True, kw_only=True)
class FoundPhotos:
    """Where the photos of a run lie now.

    Attributes
    ----------
    files
        Path of each photo now, in the order of the run's catalog. None: it was not found.
    missing
        Names of the photos that were not found.
    changed
        Names of the photos that were not found, and in whose place lies a file with another content.
    """

    files: tuple[str | None, ...]
    missing: tuple[str, ...]
    changed: tuple[str, ...]


def find_photos(
    photos: Sequence[Photo], recorded: str | None, given: str | Path | Source | None = None, *, cache: bool = True,
    progress: Progress = ignore_progress,
) -> FoundPhotos:  # fmt: skip
    """Find the photos of a run's catalog.

    Each photo is looked for under its own name in the recorded folder and in the given one. Then all files of both
    are compared by content: each is read once, and again only if it has changed.

    Parameters
    ----------
    photos
        Rows of the catalog, as `read_run_photos` returns them.
    recorded
        Folder that their paths are relative to, or None if they are absolute.
    given
        Folder, tar shards or table in which photos are looked for, too.

    Raises
    ------
    CatalogError
        If ``given`` does not exist.
    """
    source = None if given is None else find_source(given)
    folders = [make_path(recorded or "")]
    parts = [] if source is None else list(source.parts or [source])
    folders += [part.path for part in parts if part.kind == "folder"]
    wanted = {photo.digest for photo in photos}
    places: dict[str, list[str]] = {}  # of the wanted photos, by digest
    others = set[int]()  # numbers of photos in whose place lies another file
    for folder in folders:
        left = [n for n, photo in enumerate(photos) if photo.digest not in places]
        files = [join_folder(folder, photos[n].file) for n in left]
        for n, file, result in zip(left, files, hash_files(files, progress, cache=cache), strict=True):
            if result.digest == photos[n].digest:
                places.setdefault(result.digest, []).append(file)
            elif result.digest is not None or not _is_absent(result.reason):
                others.add(n)
    if len(places) < len(wanted):
        files = [file for part in parts for file in _list_given(part)] + _list_recorded(recorded)
        for file, result in zip(files, hash_files(files, progress, cache=cache), strict=True):
            if result.digest in wanted:
                places.setdefault(result.digest, []).append(file)
    found = _allot(photos, places)
    lost = [n for n, file in enumerate(found) if file is None]
    return FoundPhotos(
        files=tuple(found),
        missing=tuple(photos[n].file for n in lost if n not in others),
        changed=tuple(photos[n].file for n in lost if n in others),
    )


def _allot(photos: Sequence[Photo], places: dict[str, list[str]]) -> list[str | None]:
    """Give each photo a file with its content. Copies of one photo get different files if there are as many."""
    left = {digest: list(dict.fromkeys(files)) for digest, files in places.items()}
    found: list[str | None] = []
    for photo in photos:
        files = left.get(photo.digest)
        found.append(None if files is None else files.pop(0) if len(files) > 1 else files[0])
    return found


def _list_given(source: Source) -> list[str]:
    """Return all files of a folder, or the photos that a table or tar shards name."""
    if source.kind == "folder":
        return _list_files(source.path)
    return [photo.file for photo in read_source(source, is_for_training=False).photos]


def _list_recorded(recorded: str | None) -> list[str]:
    """Return the photos in the recorded folder, which may be a folder of many other things: by their names."""
    folder = None if recorded is None else Path(recorded)
    return [] if folder is None or not folder.is_dir() else list(filter(is_photo_name, _list_files(folder)))


def _list_files(folder: Path) -> list[str]:
    tree, _ = walk_folder(folder)
    return [str(folder / name / file) for name, inside in tree.items() for file in inside.files]


def _is_absent(reason: str | None) -> bool:
    return reason in ("does not exist", "cannot be read: No such file or directory", "cannot be read: Not a directory")
