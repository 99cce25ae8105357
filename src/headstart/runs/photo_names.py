"""Find the names of photos, which are digests and paths, in a CSV, a JSON file or a page."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from headstart.storage.spreadsheet_cells import guard_cell

TEXTS = frozenset({".csv", ".json", ".html", ".md"})
PICTURE = re.compile(rb"base64,[A-Za-z0-9+/=]+")  # inside a page
TOKEN = re.compile(rb"[\w.-]+")
Places = Mapping[str, Collection[str]]
"""Absolute paths, or URIs, of the files of photos, by digest."""
Names = Collection[tuple[bytes, str]]
"""Each name as a file writes it, and the digest of its photo."""


def spell_names(named: Iterable[tuple[str, str]]) -> frozenset[tuple[bytes, str]]:
    """Return names, each with a digest, as a CSV, a JSON file or a page writes them."""
    spelled = set()
    for name, digest in named:
        texts = {
            name, guard_cell(name).replace('"', '""'), json.dumps(name)[1:-1],
            json.dumps(name, ensure_ascii=False)[1:-1], html.escape(name),
        }  # fmt: skip
        spelled |= {(text.encode(errors="surrogateescape"), digest) for text in texts}
    return frozenset(spelled)


def spell_places(places: Places, folders: Iterable[Path]) -> frozenset[tuple[bytes, str]]:
    """Return the digests and the paths of photos, absolute and relative to each of the folders."""
    here = [os.path.abspath(folder) for folder in folders]  # noqa: PTH100
    named = [(digest, digest) for digest in places]
    for digest, paths in places.items():
        for path in paths:
            named.append((path, digest))
            if "://" not in path:
                named += [(name, digest) for folder in here if (name := _make_relative(path, folder)) is not None]
    return spell_names(named)


def find_named(path: Path, names: Names, *, is_whole: bool = True) -> frozenset[str]:
    """Return the digests of the photos that a file names.

    Parameters
    ----------
    is_whole
        Whether a relative path is searched as a whole. False: a longer path may end in it.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    text = PICTURE.sub(b"", path.read_bytes())
    tokens = frozenset(TOKEN.findall(text))  # a fast test, for thousands of names
    return frozenset(
        digest
        for name, digest in names
        if tokens.issuperset(TOKEN.findall(name)[-1:]) and name in text and _stands_alone(name, text, is_whole)
    )


def list_texts(folder: Path) -> list[Path]:
    """Return the files in a folder that may name photos."""
    return [path for path in sorted(folder.iterdir()) if path.suffix in TEXTS and path.is_file()]


def _stands_alone(name: bytes, text: bytes, is_whole: bool) -> bool:
    """Say whether a text has a name that is not in the middle of a longer one."""
    before = rb"(?<![\w./-])" if is_whole and not name.startswith(b"/") else rb"(?<![\w.-])"
    return re.search(before + re.escape(name) + rb"(?![\w.-])", text) is not None


def _make_relative(path: str, folder: str) -> str | None:
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # on another drive of Windows
        return None
