"""The source that a later audit of the same photos can read."""

from __future__ import annotations

import tempfile
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.storage.remote_paths import hide_password


def find_audited_source(catalog: Catalog, table: Path) -> str | None:
    """Return a source for the command ``headstart audit``; None for a table in memory or in the temporary folder.

    A table in the temporary folder, such as that of the demo, is probably deleted after the training. An audit takes
    one source: in place of several, it is the ``table`` of the run.
    """
    source = catalog.source
    if catalog.sources:
        return str(table)
    if "://" in source:
        return hide_password(source)
    path = Path(source).expanduser()
    is_temporary = path.is_file() and path.resolve().is_relative_to(Path(tempfile.gettempdir()).resolve())
    return source if source and path.exists() and not is_temporary else None
