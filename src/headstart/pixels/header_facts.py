"""Facts in the header of a photo file: format, size, compression, colour profile, camera, date. Nothing is decoded."""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from headstart.errors import PhotoError
from headstart.pixels import tiff_directory as tiff
from headstart.pixels.camera import CAMERA_TAGS, name_camera
from headstart.pixels.exif_texts import find_exif, read_exif_texts
from headstart.pixels.extents import read_extent
from headstart.pixels.file_format import sniff_format
from headstart.pixels.jpeg_segments import START_OF_SCAN, Segment, read_jpeg_segments
from headstart.pixels.photo_frames import has_several_frames
from headstart.pixels.profile_names import find_profile_name
from headstart.process.cores import count_cores
from headstart.storage.local_files import open_regular
from headstart.storage.remote_paths import RemotePath

HEAD_BYTES = 65_536  # that hold the header of most photos
LONG_HEAD_BYTES = 4_000_000  # if profiles or previews stand before the pixels
DATE_TAKEN = 0x9003  # DateTimeOriginal (Exif 2.32, 4.6.5)
QUANTISATION = 0xDB  # ITU-T T.81, table B.1
_TAGS = (*CAMERA_TAGS, DATE_TAKEN)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_FORMATS_IN_BOXES = {"AVIF": b"ispe", "HEIC": b"ispe", "JPEG 2000": b"ihdr"}  # ISO/IEC 23008-12 6.5.3, T.800 I.5.3.1
_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d)")
_AT_ONCE = 64  # photos of a task


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFacts:
    """What the header of a photo file says.

    Attributes
    ----------
    format
        Name of the format, such as ``JPEG``.
    suffix
        Ending of the file's name in lower case, such as ``.jpg``; empty if it has none.
    width, height
        Size in pixels as stored, before it is turned upright; 0 if it is not known.
    n_bytes
        Size of the file.
    tables
        Digest of the quantisation tables of a JPEG, which tell its quality and the program that saved it; else None.
    is_progressive
        Whether a JPEG is stored in several scans.
    bits
        Bits of a sample.
    is_cmyk
        Whether it has the four colours of a printing press.
    profile
        Name of the colour profile. None: it has none, or none that was found.
    has_frames
        Whether it is an animation or has several pages.
    has_exif
        Whether it has Exif data.
    camera
        Name of the camera, or None.
    date
        Date on which the photo was taken, such as ``2019-07-31``, or None.
    """

    format: str
    suffix: str
    width: int
    height: int
    n_bytes: int
    tables: str | None = None
    is_progressive: bool = False
    bits: int = 8
    is_cmyk: bool = False
    profile: str | None = None
    has_frames: bool = False
    has_exif: bool = False
    camera: str | None = None
    date: str | None = None


def read_header_facts(path: Path) -> HeaderFacts | None:
    """Return the facts in the header of a local photo file. Takes about 0.1 ms.

    None: the file cannot be read, is no photo, or is in a store or a shard.
    """
    if isinstance(path, RemotePath):
        return None
    try:
        with open_regular(path) as file:
            n_bytes = os.fstat(file.fileno()).st_size
            data = file.read(HEAD_BYTES)
            if n_bytes > len(data) and not _is_complete(data):
                data += file.read(LONG_HEAD_BYTES - len(data))
        return _describe(data, n_bytes, path.suffix.lower())
    except (OSError, ValueError, PhotoError, struct.error, IndexError):
        return None


def read_all_header_facts(paths: Sequence[Path]) -> list[HeaderFacts | None]:
    """Return `read_header_facts` of each path, several at once."""
    with ThreadPoolExecutor(count_cores()) as pool:
        parts = [paths[start : start + _AT_ONCE] for start in range(0, len(paths), _AT_ONCE)]
        found = pool.map(lambda some: [read_header_facts(path) for path in some], parts)
        return [facts for part in found for facts in part]


def _is_complete(head: bytes) -> bool:
    """Say whether the first bytes hold the whole header."""
    if head.startswith(b"\xff\xd8\xff"):
        segments = read_jpeg_segments(head)
        return bool(segments) and segments[-1].marker == START_OF_SCAN and segments[-1].end < len(head)
    return not head.startswith((b"GIF8", b"II", b"MM"))


def _describe(data: bytes, n_bytes: int, suffix: str) -> HeaderFacts | None:
    kind = sniff_format(data)
    if kind is None or not kind.reader:
        return None
    bits, is_cmyk = 8, False
    segments = read_jpeg_segments(data) if kind.reader == "JPEG" else []
    frame = next((segment for segment in segments if segment.marker in _FRAMES), None)
    if frame is not None:
        bits, height, width, n_colours = struct.unpack_from(">BHHB", data, frame.start)
        is_cmyk = n_colours == 4
    elif kind.name in _FORMATS_IN_BOXES:
        width, height = _read_boxes(data, kind.name)
    else:
        extent = read_extent(kind.reader, data, None)
        width, height = (extent.width, extent.height) if extent else (0, 0)
    if kind.reader == "PNG":
        bits = max(8, data[24])
    elif kind.reader == "TIFF":
        tags = tiff.read_tiff_directory(data)
        bits, is_cmyk = max(8, tags.get(tiff.BITS, 8)), tags.get(tiff.PHOTOMETRIC) == 5
    exif, profile = find_exif(data, segments), find_profile_name(data, segments)
    texts, tables = _read_texts(exif), _digest_tables(data, segments)
    date = _DATE.match(texts.get(DATE_TAKEN, ""))
    return HeaderFacts(
        format=kind.name, suffix=suffix, width=width, height=height, n_bytes=n_bytes, tables=tables,
        is_progressive=frame is not None and frame.marker in _PROGRESSIVE, bits=bits, is_cmyk=is_cmyk, profile=profile,
        has_frames=has_several_frames(data, kind.reader), has_exif=exif is not None and kind.reader != "TIFF",
        camera=name_camera(texts), date="-".join(date.groups()) if date and date[1] > "1900" else None,
    )  # fmt: skip


def _read_texts(exif: bytes | None) -> dict[int, str]:
    try:
        return read_exif_texts(exif, _TAGS) if exif else {}
    except struct.error:  # Exif data that end too early do not make the other facts unknown
        return {}


def _digest_tables(data: bytes, segments: Sequence[Segment]) -> str | None:
    tables = b"".join(data[segment.start : segment.end] for segment in segments if segment.marker == QUANTISATION)
    return hashlib.sha256(tables).hexdigest()[:8] if tables else None


def _read_boxes(data: bytes, name: str) -> tuple[int, int]:
    """Return the largest size in the boxes of a file: a picture may be made of tiles, which have sizes, too."""
    box = _FORMATS_IN_BOXES[name]
    sizes = [(0, 0)]
    for found in re.finditer(box, data):
        if name == "JPEG 2000":
            sizes.append(struct.unpack_from(">II", data, found.end())[::-1])
        else:
            sizes.append(struct.unpack_from(">4xII", data, found.end()))
    return max(sizes, key=lambda size: size[0] * size[1])
