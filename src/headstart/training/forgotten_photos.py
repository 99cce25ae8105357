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
OF_RUN = ("metrics.json", "catalog.csv", "run.json", "model.onnx", "report.html")
OF_AUDIT = ("audit.json", "audit.html")
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


def find_photos_to_forget(
    given: Sequence[str | Path], listed: Sequence[Listed], recorded: Recorded
) -> tuple[list[ForgottenPhoto], list[tuple[str, str]]]:
    """Find the photos that files, folders, lists and digests name.

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
        If there is none, or something given is no photo and its digest is not known. The message lists all problems.
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
        elif (result := find_result(path)) is not None:
            problems.append(f"'{path}': {_explain_result(result)}")
        elif kind == "folder":
            here, results = _list_photos(path)
            files += here
            inside.update(map(_make_absolute, here))
            if not here:
                reasons = [*map(_explain_result, results), "a folder without photos"]
                problems.append(f"'{path}': {reasons[0]}")
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
    for paths in places.values():  # a program may have followed links
        paths.update([os.path.realpath(path) for path in paths if not isinstance(make_path(path), RemotePath)])
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
        alike = {Path(file).parts[-2:]: file for file in lost}
        for path, digest in recorded():
            gone = _make_absolute(path)
            if gone in wanted:
                found.append(ForgottenPhoto(digest, gone, "run"))
                lost.pop(gone, None)
            elif (file := alike.get(Path(gone).parts[-2:], "")) in lost:  # as a run's catalog.csv has it
                lost[file] = f"does not exist (is it '{gone}', which a run has?)"
    return found, lost


def find_result(path: Path) -> Path | None:
    """Return the run or audit that a folder is, or that a file or folder lies in."""
    if isinstance(path, RemotePath):
        return None
    absolute = Path(os.path.abspath(path))  # noqa: PTH100
    return next(filter(_is_result, (absolute, *absolute.parents[:2])), None)  # figures are one folder below


def _is_result(folder: Path) -> bool:
    n_there = [sum((folder / name).is_file() for name in names) for names in (OF_RUN, OF_AUDIT)]
    return max(n_there) > 1  # one alone may be a file of the user


def _explain_result(folder: Path) -> str:
    table = folder / "catalog.csv"
    hint = f"; if its photos are meant, give --list '{table}'" if table.is_file() else ""
    return f"the figures of '{folder}', a run or an audit, are no photos{hint}"


def _list_photos(folder: Path) -> tuple[list[str], list[Path]]:
    """Return the photos in a folder, and the runs and audits in it, which are left out."""
    tree, skipped = walk_folder(folder)
    files = [str(folder / name / file) for name, inside in tree.items() for file in inside.files]
    return list(filter(is_photo_name, files)), [skip.path for skip in skipped if _is_result(skip.path)]


def _make_absolute(file: str) -> str:
    """Return the name under which the cache knows a file, without ``..`` in it; a URI stays as it is."""
    return file if isinstance(make_path(file), RemotePath) else os.path.abspath(file)  # noqa: PTH100
