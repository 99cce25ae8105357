"""Photos of the demo as strangers: solar cells, for every other classifier."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from headstart.catalog.photo import Photo
from headstart.errors import HeadstartError
from headstart.training.demo import find_cells

N_CELLS = 8
KIND = "solar cell"


def list_demo_strangers(photos: Iterable[Photo]) -> list[Photo]:
    """Return some photos of the demo for a classifier of other photos; none if the demo is not installed.

    There are none either if the classifier's own photos have names of the demo's photos: they may be the demo's.
    """
    try:
        paths = [path for path, _, _ in find_cells()]
        names = {path.name for path in paths}
        if any(Path(photo.file).name in names for photo in photos if photo.file.endswith(".png")):
            return []
        some = paths[:: max(1, len(paths) // N_CELLS)][:N_CELLS]
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in some]
    except (HeadstartError, OSError, ValueError):  # not installed, or only in part
        return []
    return [Photo(str(path), KIND, digest=digest, split=None) for path, digest in zip(some, digests, strict=True)]
