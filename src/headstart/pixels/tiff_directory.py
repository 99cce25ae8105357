"""Read the first directory of a TIFF in bounded time: Pillow reads each entry, whatever its size."""

from __future__ import annotations

import struct

from headstart.errors import PhotoError

MAX_ENTRIES = 1_000
MAX_ENTRY_BYTES = 64_000_000  # of all entries together: profiles and camera notes have a few MB
MAX_STRIPS = 65_536  # one for each row of the tallest photo
WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, SAMPLES, ROWS = 256, 257, 258, 259, 262, 273, 277, 278
TILE_WIDTH, TILE_LENGTH, TILES, SAMPLE_FORMAT = 322, 323, 324, 339
# of the integer types (TIFF 6.0, section 2; BigTIFF): Pillow takes a width from the signed ones, too
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


def read_tiff_directory(data: bytes) -> dict[int, int]:
    """Return the first integer of each entry of the first directory, by tag; only what can be read.

    Raises
    ------
    PhotoError
        If it is a BigTIFF with the highest byte first, or there are more than `MAX_ENTRIES` entries, `MAX_ENTRY_BYTES`
        in them, or `MAX_STRIPS` strips or tiles.
    """
    if data.startswith(b"MM\0+"):  # Pillow reads it as if it were no BigTIFF, at another place
        raise PhotoError("a BigTIFF with the highest byte first, not read: save it as TIFF")
    order = "<" if data.startswith(b"II") else ">"
    is_big = 43 in data[2:4]
    offset, count, entry = (16, "Q", "HHQ") if is_big else (8, "H", "HHI")
    try:
        (start,) = struct.unpack_from(order + ("Q" if is_big else "I"), data, offset // 2)
        (n_entries,) = struct.unpack_from(order + count, data, start)
    except struct.error:
        return {}
    if n_entries > MAX_ENTRIES:
        raise PhotoError(f"TIFF with more than {MAX_ENTRIES:,} entries in its directory")
    first, size, room = start + struct.calcsize(count), 20 if is_big else 12, 8 if is_big else 4
    values: dict[int, int] = {}
    n_bytes = 0
    for at in range(first, min(first + n_entries * size, len(data) - size + 1), size):
        tag, kind, n_values = struct.unpack_from(order + entry, data, at)
        n_bytes += min(n_values * _SIZES.get(kind, 1), len(data))
        if n_bytes > MAX_ENTRY_BYTES:
            raise PhotoError(f"TIFF with more than {MAX_ENTRY_BYTES / 1e6:.0f} MB in its directory")
        if tag in (STRIPS, TILES) and n_values > MAX_STRIPS:
            raise PhotoError(f"TIFF with more than {MAX_STRIPS:,} strips or tiles")
        where = at + size - room
        if n_values * _SIZES.get(kind, 1) > room:
            (where,) = struct.unpack_from(order + ("Q" if is_big else "I"), data, where)
        code = _CODES.get(kind)
        if code is not None and n_values and where + struct.calcsize(code) <= len(data):
            (values[tag],) = struct.unpack_from(order + code, data, where)
    return values
