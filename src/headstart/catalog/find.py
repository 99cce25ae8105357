"""Unlabelled photos: files, folders and globs become a list of files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from headstart.errors import CatalogError
from headstart.pixels.sniff import sniff_format

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})


def find_photos(places: Iterable[str | Path]) -> list[Path]:
    """List the photos that files, folders and globs name, each once, sorted within a folder or glob.

    A file that is named is always listed, whatever it is: that it cannot be read is for prediction to say. In a folder
    (searched through all levels, hidden entries ignored) a file counts if its name or its content is a photo's.

    Raises
    ------
    CatalogError
        If a place does not exist or holds no photo; the message names them all.
    """
    found: dict[Path, None] = {}
    problems = []
    for place in places:
        path = Path(place)
        if path.is_dir():
            inside = sorted(_walk(path))
        elif path.exists():
            inside = [path]
        else:
            names = glob.glob(str(place), recursive=True)  # noqa: PTH207  the pattern may be absolute
            inside = [Path(name) for name in sorted(names) if Path(name).is_file()]
        if not inside:
            problems.append(f"'{place}' holds no photo" if path.exists() else f"'{place}' does not exist")
        found.update(dict.fromkeys(inside))
    if problems:
        raise CatalogError(f"Cannot find photos: {'; '.join(problems)}. Give photo files, folders, or globs in quotes.")
    return list(found)


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        for name in names:
            path = Path(here, name)
            if not name.startswith(".") and (path.suffix.lower() in PHOTO_SUFFIXES or _is_photo(path)):
                yield path


def _is_photo(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return sniff_format(file.read(32)) is not None
    except OSError:
        return False
