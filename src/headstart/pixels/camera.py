"""Read the name of the camera that took a photo: make, model and serial number in its Exif data."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from headstart.errors import PhotoError
from headstart.pixels.jpeg_segments import APP1, read_jpeg_segments

MAKE, MODEL, EXIF_DIRECTORY, BODY_SERIAL, CAMERA_SERIAL = 0x010F, 0x0110, 0x8769, 0xA431, 0xC62F
MAX_ENTRIES = 1_000
MAX_TEXT = 60  # characters; names of cameras have about 20
HEAD_BYTES = 65_536  # of a JPEG: a segment is no longer, and cameras write Exif data first
_HEAD = b"Exif\x00\x00"
_TIFF = (b"II*\x00", b"MM\x00*")
# name before Exif data, and bytes between: an item of HEIF and of some WebP, a chunk of PNG, a chunk of WebP
_CHUNKS = ((_HEAD, 0), (b"eXIf", 0), (b"EXIF", 4))
_ASCII = 2
_OFFSETS = (4, 13)  # LONG and IFD


def read_camera(data: bytes) -> str | None:
    """Return the name of the camera from the bytes of a photo, such as ``Canon EOS 5D 1234567``; None if it is unknown.

    The serial number tells cameras of one model apart; telephones do not write it. Takes 20 microseconds for a JPEG or
    a TIFF, and a millisecond for 5 MB of another format. The first `HEAD_BYTES` of a JPEG are enough.
    """
    try:
        exif = _find_exif(data)
        return _name_camera(_read_texts(exif)) if exif else None
    except (PhotoError, struct.error):  # damaged; whether the photo can be used is found out where it is decoded
        return None


def _find_exif(data: bytes) -> bytes | None:
    """Return the Exif data of a photo, from their first byte on, or None. No decoder is used."""
    if data.startswith(b"\xff\xd8"):
        for marker, start, end in read_jpeg_segments(data):
            if marker == APP1 and data.startswith(_HEAD, start):
                return data[start + len(_HEAD) : end]
        return None
    if data.startswith(_TIFF):
        return data
    for name, n_between in _CHUNKS:
        at = data.find(name)
        while at >= 0:
            start = at + len(name) + n_between
            if data.startswith(_TIFF, start):
                return data[start:]
            at = data.find(name, at + 1)
    return None


def _read_texts(exif: bytes) -> dict[int, str]:
    """Return the texts of the first directory and of the Exif directory, by tag (TIFF 6.0, section 2)."""
    if not exif.startswith(_TIFF):
        return {}
    order = "<" if exif.startswith(b"II") else ">"
    texts: dict[int, str] = {}
    (start,) = struct.unpack_from(order + "I", exif, 4)
    directories = [start]
    for at in directories:  # one more is added, at most
        for tag, kind, n, where in _walk_entries(exif, at, order):
            if tag == EXIF_DIRECTORY and kind in _OFFSETS and len(directories) == 1:
                directories.append(*struct.unpack_from(order + "I", exif, where))
            elif kind == _ASCII and tag in (MAKE, MODEL, BODY_SERIAL, CAMERA_SERIAL):
                if n > 4:
                    (where,) = struct.unpack_from(order + "I", exif, where)
                text = exif[where : where + min(n, MAX_TEXT)].split(b"\0")[0].decode("utf-8", "replace")
                texts[tag] = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return texts


def _walk_entries(exif: bytes, at: int, order: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield tag, type, number of values, and the position of the value or its offset, of each entry of a directory."""
    (n_entries,) = struct.unpack_from(order + "H", exif, at)
    for entry in range(at + 2, min(at + 2 + 12 * min(n_entries, MAX_ENTRIES), len(exif) - 11), 12):
        yield (*struct.unpack_from(order + "HHI", exif, entry), entry + 8)


def _name_camera(texts: dict[int, str]) -> str | None:
    make, model = texts.get(MAKE, ""), texts.get(MODEL, "")
    serial = texts.get(BODY_SERIAL) or texts.get(CAMERA_SERIAL) or ""
    if make and model.casefold().startswith(make.split()[0].casefold()):
        make = ""  # 'Canon' and 'Canon EOS 5D'
    return " ".join(filter(None, (make, model, serial))) if make or model else None
