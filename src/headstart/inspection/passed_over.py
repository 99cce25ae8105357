"""Find the photos that an earlier suggestion has and that the user left without a label: they belong to no class."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from headstart.catalog.hashing import hash_files
from headstart.catalog.unlabelled import SUFFIXES, read_suggestion
from headstart.errors import CatalogError


def find_passed_over(sources: Iterable[object], *, cache: bool = True) -> set[str]:
    """Return the digests of the photos without a label in those sources that are CSVs of headstart suggest.

    A source that cannot be read has none: a run may name a CSV that is gone.
    """
    files: dict[str, None] = {}
    for source in sources:
        if isinstance(source, str | Path) and str(source).casefold().endswith(SUFFIXES):
            with suppress(CatalogError):
                files.update(dict.fromkeys(file for file, is_labelled in read_suggestion(source) if not is_labelled))
    return {result.digest for result in hash_files(list(files), cache=cache) if result.digest is not None}
