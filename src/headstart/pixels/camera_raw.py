"""Tell a camera's RAW file from a plain TIFF: its first page is only a small preview."""

from __future__ import annotations

_NEW_SUBFILE_TYPE, _SUB_IFDS, _DNG_VERSION = 254, 330, 50706  # TIFF 6.0, TIFF technical note 1, DNG 1.7
_ENTRY_SIZE = 12


def is_raw_tiff(head: bytes) -> bool:
    """Return whether a TIFF is a camera's RAW file (DNG, NEF, ARW and the like), given its first bytes.

    It is one if it has the version of DNG, or if its first page is the reduced version of a picture in a sub-page.
    A pyramid has its full picture first, and is no RAW file.
    """
    order = "little" if head.startswith(b"II") else "big"

    def read(at: int, size: int) -> int:
        return int.from_bytes(head[at : at + size], order)  # type: ignore[arg-type]

    start = read(4, 4)
    tags = {}
    for at in range(start + 2, min(start + 2 + _ENTRY_SIZE * read(start, 2), len(head)), _ENTRY_SIZE):
        tags[read(at, 2)] = read(at + 8, 4)
    return _DNG_VERSION in tags or (_SUB_IFDS in tags and tags.get(_NEW_SUBFILE_TYPE, 0) & 1 == 1)
