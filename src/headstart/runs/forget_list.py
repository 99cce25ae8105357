"""Find the photos of a run that lists of paths and digests name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.catalog.hashing import hash_files
from headstart.catalog.photo import Photo
from headstart.catalog.photo_list import DIGEST, read_photo_list
from headstart.catalog.photo_list import RULE as LIST_RULE
from headstart.errors import CatalogError, RunError
from headstart.pixels.file_format import is_photo_name
from headstart.storage.photo_folder import join_folder
from headstart.storage.remote_paths import RemotePath, make_path

RULE = f"{LIST_RULE}, the path of a photo, or a digest"


@dataclass(frozen=True, slots=True)
class ForgottenName:
    """A path, a digest or both; and the folder of the list that has them. None: they were given themselves."""

    path: str | None
    digest: str | None = None
    folder: Path | None = None


def read_forgotten_names(given: Sequence[str | Path]) -> list[ForgottenName]:
    """Return the paths and digests that are given, or that the given lists have; see `read_photo_list`.

    What is named like a photo, or does not exist, is a photo or a digest itself.

    Raises
    ------
    CatalogError
        If a list cannot be read, or is empty, or something given is no path.
    """
    wrong = [one for one in given if not isinstance(one, str | Path | RemotePath)]
    if wrong:
        raise CatalogError(
            f"Cannot forget photos: got {str(wrong[0])[:100]!r}, need {RULE}. Give one or a list of them."
        )
    names: list[ForgottenName] = []
    for one in given:
        path = make_path(one).expanduser()
        if isinstance(path, RemotePath):
            if not is_photo_name(path.name):
                raise CatalogError(
                    f"Cannot forget the photos in '{path}': got a URI, need {RULE}. Copy the list to this machine.",
                    path=path,
                )
            names.append(ForgottenName(str(path)))
        elif path.is_dir():
            raise CatalogError(f"Cannot forget the photos in '{one}': got a folder, need {RULE}.", path=path)
        elif DIGEST.fullmatch(str(one)) and not path.exists():
            names.append(ForgottenName(None, str(one).lower()))
        elif is_photo_name(path.name) or not path.exists():
            names.append(ForgottenName(str(path)))
        else:
            names += [ForgottenName(file, digest, path.parent) for file, digest in read_photo_list(path)]
    return names


def find_forgotten(
    names: Sequence[ForgottenName], photos: Sequence[Photo], folder: Path, run: str, *, cache: bool = True
) -> frozenset[str]:
    """Return the digests of the photos of a run that are named.

    A path may be one as in catalog.csv, the place where the photo lay, or a file of the same content. If a name has a
    digest, only the digest counts: in the list of another run, an equal path may be another photo.

    Parameters
    ----------
    photos
        Rows of the run's catalog.csv, as `read_run_photos` returns them.
    folder
        Folder that their paths are relative to.

    Raises
    ------
    RunError
        If names stand for no photo of the run. The message lists all of them.
    """
    digests = {photo.digest for photo in photos}
    places = {photo.file: photo.digest for photo in photos}
    places |= {os.path.abspath(join_folder(folder, photo.file)): photo.digest for photo in photos}  # noqa: PTH100
    found, left = set[str](), list[ForgottenName]()
    for name in names:
        digest = name.digest or next((places[path] for path in _list_paths(name) if path in places), None)
        if digest in digests:
            found.add(str(digest))
        else:
            left.append(name)
    unknown = []
    for name, result in zip(left, hash_files([name.path or "" for name in left], cache=cache), strict=True):
        if name.digest is None and result.digest in digests:
            found.add(str(result.digest))
        else:
            unknown.append(name.path or name.digest)
    if unknown:
        what = "1 photo" if len(unknown) == 1 else f"{len(unknown):,} photos"
        lines = [f"Cannot forget {what} that '{run}' does not have, by path or by content:"]
        lines += [f"  {text}" for text in unknown]
        hint = "Correct the list: catalog.csv of the run has the paths of its photos."
        if any(name.path and name.folder is None and not is_photo_name(name.path) for name in left):
            hint = "A list must be a file that exists; catalog.csv of the run has the paths of its photos."
        lines.append(hint)
        raise RunError("\n".join(lines), path=run)
    return frozenset(found)


def _list_paths(name: ForgottenName) -> Iterator[str]:
    """Yield the paths that a name may mean: as it stands in its list, and absolute."""
    if name.path is None:
        return
    yield name.path
    yield os.path.abspath(name.path)  # noqa: PTH100
    for folder in (name.folder, Path.cwd()):  # the list may have paths as in catalog.csv
        if folder is not None and Path(name.path).is_relative_to(folder):
            yield Path(name.path).relative_to(folder).as_posix()
