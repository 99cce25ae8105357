"""Remove all rows of photos from the cache of features: features, thumbnails and measures, of any network and view."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection

from headstart.features.cache_key import HASH_BYTES, mark_photo
from headstart.features.feature_cache import FILE_NAME, TABLES, is_feature_cache
from headstart.storage.local_files import find_cache_folder
from headstart.storage.removal import Removal
from headstart.storage.sqlite_removal import delete_with_side_files, open_for_removal

LARGE_BYTES = 200_000_000  # writing a larger file anew takes longer than a second
WHAT = "rows, of any network, size and view"
Counts = dict[str, dict[str, int]]
"""Number of rows by digest and table."""


def forget_features(digests: Collection[str], say: Callable[[str], None]) -> tuple[list[Removal], Counts]:
    """Remove the rows of photos from every table.

    The file is then written anew. This takes 6 processor seconds for each gigabyte, and free space for a copy.

    Returns
    -------
    What was removed from each table, and the number of removed rows by digest and table.
    """
    path = find_cache_folder() / FILE_NAME
    removals = {table: Removal(table, WHAT) for table in TABLES}
    if path.exists() and not is_feature_cache(path):
        return list(removals.values()), {}
    whole = Removal("features", WHAT)
    counts: Counts = {}
    try:
        with open_for_removal(path, whole) as connection:
            if connection is not None:
                there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
                tables = {table: removal for table, removal in removals.items() if table in there}
                counts = {digest: _remove(connection, digest, tables) for digest in sorted(set(digests))}
                if path.stat().st_size > LARGE_BYTES:
                    say(f"Writing the cache of features anew ({path.stat().st_size / 1e9:.1f} GB) ...")
    except sqlite3.DatabaseError:  # damaged: it cannot be searched
        delete_with_side_files(path, whole)
        whole.what = "all rows, of all photos: the file is damaged"
        return [whole], {}
    if whole.is_undone:
        return [whole], {}
    for removal in removals.values():
        removal.problems += whole.problems
    return list(removals.values()), counts


def _remove(connection: sqlite3.Connection, digest: str, removals: dict[str, Removal]) -> dict[str, int]:
    mark, found = mark_photo(digest), dict[str, int]()
    between = (mark + bytes(HASH_BYTES), mark + b"\xff" * HASH_BYTES)
    for table, removal in removals.items():
        where = f"FROM {table} WHERE key BETWEEN ? AND ?"
        n_rows, n_bytes = connection.execute(
            f"SELECT COUNT(*), COALESCE(SUM(LENGTH(value)), 0) {where}",
            between,
        ).fetchone()
        connection.execute(f"DELETE {where}", between)
        removal.add(n_rows, n_bytes)
        found[table] = n_rows
    return found
