"""Find unlabelled photos in files, folders and globs."""

from __future__ import annotations

import glob
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from headstart.catalog.picture_table_files import list_pictures
from headstart.catalog.tool_folders import drop_tool_folders
from headstart.catalog.walk import is_ignored, walk_folder
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.pixels.file_format import HEAD_SIZE, is_photo_name, sniff_format
from headstart.pixels.photo_bytes import explain_unreadable
from headstart.storage.picture_tables import SUFFIXES, split_row
from headstart.storage.remote_paths import RemotePath, find_path_kind, make_path
from headstart.storage.tar_shards import SUFFIX, is_shard, split_shard, walk_shard


def find_photos(places: Iterable[str | Path], say: Callable[[Note], None] = lambda _: None) -> list[Path]:
    """List the photos of files, folders and globs, each once, sorted within a folder or glob.

    A file that is named itself is always listed: prediction reports it if it cannot be read. A folder is searched with
    all folders below it, by the rules of `walk_folder`; a file there is listed if its name or content is a photo's. Of
    folders that tools write, which are left out, a note is given to ``say``.
    CatalogError is raised if places do not exist, or hold no photo; the message names them all.
    """
    found: dict[Path, None] = {}
    problems = []
    for place in places:
        path = make_path(place)
        if isinstance(path, RemotePath):
            inside = _find_in_store(path, say)
        elif is_shard(path):
            inside = [path / name for name in _list_members(path)]
        elif path.name.endswith(SUFFIXES) and path.is_file():
            inside = list_pictures(path)
        elif split_shard(path) is not None or split_row(path) is not None:
            inside = [path]
        elif path.is_dir():
            inside = _list_photos(path, say)
        elif path.exists():
            inside = [path]
        else:
            inside = sorted(_expand_glob(place))
        if not inside:
            problems.append(f"'{place}' holds no photo" if _is_there(path) else f"'{place}' does not exist")
        found.update(dict.fromkeys(inside))
    if problems:
        raise CatalogError(f"Cannot find photos: {'; '.join(problems)}. Give photo files, folders, or globs in quotes.")
    return list(found)


def _find_in_store(place: RemotePath, say: Callable[[Note], None]) -> list[Path]:
    """Return a file in a store, or the files named like photos in a folder there, sorted."""
    kind = _find_kind(place)
    if kind == "file" and place.name.endswith(SUFFIX):
        return [place / name for name in _list_members(place)]
    if kind == "file" and place.name.endswith(SUFFIXES):
        return list_pictures(place)
    if kind is None and (split_shard(place) is not None or split_row(place) is not None):
        return [place]
    if kind == "folder":
        return _list_photos(place, say)
    return [place] if kind == "file" else []


def _list_members(shard: Path) -> list[str]:
    """Return the names of the photos in a tar shard, in its order."""
    try:
        return [member.name for member in walk_shard(shard) if is_photo_name(member.name)]
    except (OSError, tarfile.TarError) as error:
        raise CatalogError(f"Cannot read '{shard}': it is damaged ({error}). Fetch or pack it again.") from None


def _is_there(path: Path) -> bool:
    return _find_kind(path) is not None if isinstance(path, RemotePath) else path.exists()


def _find_kind(place: RemotePath) -> str | None:
    try:
        return find_path_kind(place)
    except (OSError, ValueError) as error:
        raise CatalogError(f"Cannot find photos in '{place}': {explain_unreadable(error)}. Check the path.") from None


def _list_photos(root: Path, say: Callable[[Note], None]) -> list[Path]:
    """Return the photos in a folder and below it, sorted. A file in a store is not opened: its name decides."""
    tree, _, notes = drop_tool_folders(root, walk_folder(root)[0])
    for note in notes:
        say(note)
    paths = [root / name / file for name, folder in tree.items() for file in folder.files]
    is_local = not isinstance(root, RemotePath)
    return sorted(path for path in paths if is_photo_name(path.name) or (is_local and _is_photo(path)))


def _expand_glob(pattern: str | Path) -> Iterator[Path]:
    named = Path(pattern).parts
    for path in map(Path, glob.glob(str(pattern), recursive=True)):  # noqa: PTH207  the pattern may be absolute
        # a wildcard matches a hidden name only if the pattern has the dot
        met = [part for part in path.parts if part not in named and not part.startswith(".")]
        if not path.is_dir() and not any(map(is_ignored, met)):
            yield path


def _is_photo(path: Path) -> bool:
    try:
        if not path.is_file():  # opening a pipe would block
            return False
        with path.open("rb") as file:
            kind = sniff_format(file.read(HEAD_SIZE))
            return kind is not None and kind.is_picture
    except OSError:
        return False
