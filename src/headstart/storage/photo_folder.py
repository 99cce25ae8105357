"""The folder that the paths in a run's tables are relative to. The run's ``run.json`` names it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from headstart.storage.local_files import read_regular
from headstart.storage.remote_paths import RemotePath, make_path

RECORD = "run.json"


def find_photo_folder(files: Sequence[str], source: str = "") -> str | None:
    """Return the absolute folder that holds all local files, or None if there is none below the root of the disk.

    Parameters
    ----------
    source
        Source of the photos. If it is a folder with all of the files, or lies in one, the result is that folder.
        Otherwise the result is the deepest folder with all of the files.
    """
    local = [os.path.abspath(file) for file in files if not _is_remote(file)]  # noqa: PTH100  a `Path` is slower
    if not local:
        return None
    given = Path(source).expanduser() if source and not _is_remote(source) else None
    if given is not None and os.path.lexists(given):
        near = os.path.abspath(given if given.is_dir() else given.parent)  # noqa: PTH100
        if all(file.startswith(near + os.sep) for file in local):
            return near
    # of sorted texts, the first and the last have the common beginning of all
    folder = os.path.commonprefix([min(local), max(local)]).rpartition(os.sep)[0]  # noqa: RUF071
    return folder if folder and folder != Path(folder).anchor.rstrip(os.sep) else None


def shorten_path(file: str, folder: str | None) -> str:
    """Return the path of a file relative to the folder, with slashes; a URI, or the absolute path, if it is not inside.

    A path that would be read as another one begins with ``./``.

    Examples
    --------
    >>> shorten_path("/photos/cats/1.jpg", "/photos"), shorten_path("/else/1.jpg", "/photos")
    ('cats/1.jpg', '/else/1.jpg')
    >>> shorten_path("/photos/~x.jpg", "/photos")
    './~x.jpg'
    """
    if _is_remote(file):
        return str(make_path(file))
    path = os.path.abspath(file)  # noqa: PTH100
    if folder is None or not path.startswith(folder + os.sep):
        return path
    inside = path[len(folder) + 1 :]
    inside = inside.replace(os.sep, "/")
    return f"./{inside}" if inside[0] == "~" or inside[0].isspace() else inside


def join_folder(folder: Path, file: str) -> str:
    """Return the path of a file that `shorten_path` gave; a URI stays as it is.

    Examples
    --------
    >>> join_folder(Path("/photos"), "cats/1.jpg"), join_folder(Path("/photos"), "s3://pets/1.jpg")
    ('/photos/cats/1.jpg', 's3://pets/1.jpg')
    """
    if file[:1].isalnum() and not any(part in file for part in ("//", "/.", "\\")):  # a `Path` is slower
        return os.path.join(folder, file)  # noqa: PTH118
    path = make_path(file)
    return str(path if isinstance(path, RemotePath) else folder / path)


def read_photo_folder(table: Path) -> Path | None:
    """Return the folder that the paths of a table are relative to, if the table lies in a run folder that names one."""
    if isinstance(table, RemotePath):
        return None
    try:
        record = json.loads(read_regular(table.parent / RECORD))
        folder = record["photos"]["folder"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return Path(folder) if isinstance(folder, str) and folder and "\0" not in folder else None


def _is_remote(file: str) -> bool:
    return "://" in file and isinstance(make_path(file), RemotePath)
