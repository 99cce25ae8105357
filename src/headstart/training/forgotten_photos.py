"""Find the digests of the photos to forget: of files, of what is in folders, and of files that are gone already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.catalog.hashing import hash_files
from headstart.catalog.photo_list import DIGEST, Listed
from headstart.catalog.walk import walk_folder
from headstart.errors import CatalogError
from headstart.pixels.file_format import is_photo_name
from headstart.storage.digest_cache import DigestCache, measure_digest_cache
from headstart.storage.remote_paths import RemotePath, find_path_kind, make_path

N_SHOWN = 10
LONGEST = 200  # characters of a name in a message
Recorded = Callable[[], Iterable[tuple[str, str]]]
"""Function that lists paths of photos in runs, absolute, with their digests."""


@dataclass(frozen=True)
class ForgottenPhoto:
    """A photo to forget.

    Attributes
    ----------
    digest
        SHA-256 of its bytes in hex.
    path
        Absolute path of its file, or its URI. None: only the digest was given.
    source
        Where the digest is from: ``file``, ``cache`` or ``run`` (the file is gone, or had this content earlier), or
        ``given``.
    """

    digest: str
    path: str | None
    source: str


def find_forgotten(
    given: Sequence[str | Path], listed: Sequence[Listed], recorded: Recorded
) -> tuple[list[ForgottenPhoto], list[tuple[str, str]]]:
    """Find the photos that are meant.

    Parameters
    ----------
    given
        Photo files, folders of photos, and digests.
    listed
        Rows of lists; see `read_photo_list`.
    recorded
        Is called if a file is gone, and the cache does not know its digest.

    Returns
    -------
    The photos, each digest and path once; and the path and the reason of each file in a folder that is no photo.

    Raises
    ------
    CatalogError
        If there is none, or something given is no photo and nobody knows its digest. The message lists all problems.
    """
    files, found, problems = list[str](), list[ForgottenPhoto](), list[str]()
    inside: set[str] = set()  # of folders
    for one in [*given, *(path for path, digest in listed if path is not None and digest is None)]:
        text, path = str(one), make_path(str(one))
        try:
            kind = find_path_kind(path)
        except (OSError, ValueError) as error:  # no such store, or a name that no file can have
            problems.append(f"'{text[:LONGEST]}': {getattr(error, 'strerror', None) or error}")
            continue
        if not text.strip():  # as a path it would be the working folder
            problems.append("'': an empty name")
        elif kind == "folder":
            here = _list_photos(path)
            files += here
            inside.update(map(_make_absolute, here))
            problems += [] if here else [f"'{path}': a folder without photos"]
        elif kind is None and DIGEST.fullmatch(text):
            found.append(ForgottenPhoto(text.lower(), None, "given"))
        else:
            files.append(str(path))
    rows = [(path and _make_absolute(path), digest) for path, digest in listed if digest is not None]
    found += [ForgottenPhoto(digest, path, "given") for path, digest in rows]
    known, lost = _find_by_file(list(dict.fromkeys(map(_make_absolute, files))), recorded)
    found += known
    skipped = [(file, reason) for file, reason in lost.items() if file in inside]
    problems += [f"'{file}': {reason}" for file, reason in lost.items() if file not in inside]
    if not found and not problems:
        problems.append("got none")
    if problems:
        more = f"; and {len(problems) - N_SHOWN:,} more" if len(problems) > N_SHOWN else ""
        raise CatalogError(
            f"Cannot forget photos: {'; '.join(problems[:N_SHOWN])}{more}. Nothing was removed. Give photo files, "
            "folders or lists of them; for a file that is gone, give its SHA-256."
        )
    return list({(photo.digest, photo.path): photo for photo in found}.values()), skipped


def list_places(photos: Sequence[ForgottenPhoto], recorded: Recorded) -> dict[str, set[str]]:
    """Return all known paths of photos by digest: those given, and those in the cache and in runs."""
    places: dict[str, set[str]] = {photo.digest: set() for photo in photos}
    for photo in photos:
        places[photo.digest].update([] if photo.path is None else [photo.path])
    with DigestCache(cache=measure_digest_cache() > 0) as store:
        known = store.find_paths(places.keys())
    for path, digest in (*known, *recorded()):
        if digest in places:
            places[digest].add(_make_absolute(path))
    return places


def _find_by_file(files: Sequence[str], recorded: Recorded) -> tuple[list[ForgottenPhoto], dict[str, str]]:
    """Return the photos of files, and the other files with the reasons.

    A file is a photo with its content now, and another one with that which it had when it was last read.
    """
    with DigestCache(cache=measure_digest_cache() > 0) as store:
        remembered = store.find_digests(frozenset(files))
    found, lost = list[ForgottenPhoto](), dict[str, str]()
    for file, result in zip(files, hash_files(files, cache=False), strict=True):
        if result.digest is not None:
            found.append(ForgottenPhoto(result.digest, file, "file"))
        earlier = [digest for digest in remembered.get(file, ()) if digest != result.digest]
        found += [ForgottenPhoto(digest, file, "cache") for digest in earlier]
        if result.digest is None and not earlier:
            lost[file] = result.reason or "not a photo"
    if lost:
        wanted = frozenset(lost)
        for path, digest in recorded():
            gone = _make_absolute(path)
            if gone in wanted:
                found.append(ForgottenPhoto(digest, gone, "run"))
                lost.pop(gone, None)
    return found, lost


def _list_photos(folder: Path) -> list[str]:
    tree, _ = walk_folder(folder)
    files = [str(folder / name / file) for name, inside in tree.items() for file in inside.files]
    return list(filter(is_photo_name, files))


def _make_absolute(file: str) -> str:
    """Return the name under which the cache knows a file, without ``..`` in it; a URI stays as it is."""
    return file if isinstance(make_path(file), RemotePath) else os.path.abspath(file)  # noqa: PTH100
