"""Where Headstart keeps what it need not compute again."""

from __future__ import annotations

import os
from pathlib import Path


def find_cache_folder() -> Path:
    """Return the folder of the cache: ``$HEADSTART_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("HEADSTART_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("headstart"))
