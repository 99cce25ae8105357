"""Change bytes at random. The same generator gives the same change on every machine."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from random import Random

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
TAR_BLOCK = 512


def mutate(data: bytes, random: Random, others: Sequence[bytes] = ()) -> bytes:
    """Return a copy with one to four changes; ``others`` are files from which pieces may come."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 4)):
        _change_once(changed, random, others)
    return bytes(changed)


def _change_once(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    at = _choose_place(data, random)
    length = random.choice((1, 2, 4, 16, 256))
    change = random.choice(("bit", "byte", "number", "number", "delete", "insert", "repeat", "cut", "splice", "swap"))
    if change == "bit" and data:
        data[at] ^= 1 << random.randrange(8)
    elif change == "byte" and data:
        data[at] = random.randrange(256)
    elif change == "number":
        size, order = random.choice((1, 2, 4, 8)), random.choice(("little", "big"))
        value = random.choice(EXTREMES) & (1 << 8 * size) - 1
        data[at : at + size] = value.to_bytes(size, order)  # type: ignore[arg-type]
    elif change == "delete":
        del data[at : at + length]
    elif change == "insert":
        data[at:at] = random.randbytes(length)
    elif change == "repeat":
        data[at:at] = bytes(data[at : at + length]) * random.choice((1, 2, 50, 1000))
    elif change == "cut":
        del data[at:]
    elif change == "splice" and others:
        other = random.choice(others)
        start = random.randrange(len(other) + 1)
        data[at : at + length] = other[start : start + random.choice((16, 256, 4096))]
    elif change == "swap":
        there = _choose_place(data, random)
        data[at : at + length], data[there : there + length] = data[there : there + length], data[at : at + length]


def _choose_place(data: bytearray, random: Random) -> int:
    """Return a position; half of them are in the first 600 bytes, where most formats have their headers."""
    return random.randrange(max(1, min(len(data), 600) if random.random() < 0.5 else len(data)))


def repair_png(data: bytes) -> bytes:
    """Write the checksums of a PNG's chunks anew, so that its decoder gets beyond them."""
    if not data.startswith(PNG_HEAD):
        return data
    at, repaired = len(PNG_HEAD), bytearray(PNG_HEAD)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        content = data[at + 4 : at + 8 + length]
        repaired += data[at : at + 4] + content + struct.pack(">I", zlib.crc32(content))
        at += 12 + length
    return bytes(repaired)


def repair_tar(data: bytes) -> bytes:
    """Write the checksum of each block that looks like a tar header anew."""
    repaired = bytearray(data)
    for at in range(0, len(data) - TAR_BLOCK + 1, TAR_BLOCK):
        if data[at + 257 : at + 262] == b"ustar":
            repaired[at + 148 : at + 156] = b" " * 8
            total = sum(repaired[at : at + TAR_BLOCK])
            repaired[at + 148 : at + 156] = b"%06o\0 " % total
    return bytes(repaired)


def leave(data: bytes) -> bytes:
    """Return the bytes as they are."""
    return data


REPAIRS: dict[str, Callable[[bytes], bytes]] = {".png": repair_png, ".tar": repair_tar}
