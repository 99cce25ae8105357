"""Read the name of the colour profile that a photo embeds."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from headstart.pixels.colour_profiles import join_jpeg_profile
from headstart.pixels.jpeg_segments import Segment

MAX_PROFILE_BYTES = 65_536  # the name stands near the beginning
MAX_TAGS, MAX_NAME = 100, 60
_SIGNATURE, _SIGNATURE_AT = b"acsp", 36  # ICC.1:2022, table 17
_SRGB = ("srgb", "iec61966-2", "iec 61966-2")


def find_profile_name(data: bytes, segments: Sequence[Segment] = ()) -> str | None:
    """Return the name of the embedded profile; None if there is none or it cannot be read.

    Parameters
    ----------
    segments
        Result of `read_jpeg_segments` if ``data`` are a JPEG.
    """
    profile = join_jpeg_profile(data, segments) if segments else _find_profile(data)
    try:
        return _read_name(profile) if profile else None
    except (struct.error, IndexError):
        return "unnamed"


def is_srgb(name: str) -> bool:
    """Say whether a profile is one of sRGB, by its name."""
    return any(part in name.casefold() for part in _SRGB)


def _find_profile(data: bytes) -> bytes | None:
    """Return the profile of a photo that is no JPEG: compressed in PNG (W3C PNG 11.3.2.3), and as it is elsewhere."""
    if data.startswith(b"\x89PNG"):
        at = data.find(b"iCCP", 0, MAX_PROFILE_BYTES)
        start = data.find(b"\0", at, at + 84) + 2
        if at < 0 or start < 2:
            return None
        try:
            return zlib.decompressobj().decompress(data[start:], MAX_PROFILE_BYTES)
        except zlib.error:
            return None
    at = data.find(_SIGNATURE) - _SIGNATURE_AT
    return data[at : at + MAX_PROFILE_BYTES] if at >= 0 else None


def _read_name(profile: bytes) -> str:
    """Return the text of the tag ``desc`` (ICC.1:2022, 7.3, 10.15; ICC.1:2001, 6.5.17)."""
    (n_tags,) = struct.unpack_from(">I", profile, 128)
    for at in range(132, 132 + 12 * min(n_tags, MAX_TAGS), 12):
        tag, start, size = struct.unpack_from(">4sII", profile, at)
        if tag != b"desc":
            continue
        if profile.startswith(b"mluc", start):
            length, offset = struct.unpack_from(">II", profile, start + 20)
            text = profile[start + offset : start + offset + min(length, 2 * MAX_NAME)].decode("utf-16-be", "replace")
        else:
            text = profile[start + 12 : start + min(size, 12 + MAX_NAME)].split(b"\0")[0].decode("latin-1")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or "unnamed"
    return "unnamed"
