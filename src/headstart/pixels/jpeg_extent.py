"""What decoding a JPEG takes, read from its header; a photo of 0.7 KB that claims 169 million pixels is refused."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from headstart.errors import PhotoError
from headstart.pixels.jpeg_segments import APP1, START_OF_SCAN, Segment, read_jpeg_segments

MAX_SCANS = 1_000  # encoders write 10 to 20
MAX_EXIF_SEGMENTS = 64  # Pillow joins them in quadratic time
N_QUICK = 100_000_000  # pixels that are decoded within a second
N_QUICK_IN_SCANS = 200_000_000  # pixels times scans, likewise
_CMYK_BYTES = 8.5  # for a pixel: Pillow's photo and, converted from its profile, another one
_PROGRESSIVE = 0xC2  # below it: baseline and extended sequential; above: lossless and arithmetic (T.81, table B.1)
_NO_FRAME = (0xC4, 0xC8, 0xCC)
_read_frame = struct.Struct(">BHHB").unpack_from


class Extent(NamedTuple):
    """What decoding a photo takes.

    Attributes
    ----------
    n_bytes
        Memory at the peak, besides the file.
    is_slow
        Whether it may take more than about a second.
    factor, n_components, segments
        Of a JPEG: by how much it is shrunk while it is decoded, the number of its colours, and its segments.
    """

    width: int
    height: int
    n_bytes: int
    is_slow: bool
    factor: int = 1
    n_components: int = 0
    segments: Sequence[Segment] = ()

    @property
    def n_pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height


def choose_factor(width: int, height: int, size_px: int | None) -> int:
    """Return by which factor a JPEG is shrunk while it is decoded, so that both sides stay at least ``size_px``."""
    # libjpeg-turbo has fast code for these factors only: 5/8 or 7/8 would take longer than the full size
    if size_px is None:
        return 1
    side = min(width, height)
    return next((f for f in (8, 4, 2) if side >= f * size_px), 1)


def read_jpeg_extent(data: bytes, size_px: int | None) -> Extent:
    """Return what decoding a JPEG takes (ITU-T T.81, B.2.2, B.2.3). Takes about 10 microseconds.

    Raises
    ------
    PhotoError
        If there are too many segments or scans, no frame, or fewer bytes than a photo of this size can have.
    """
    segments = read_jpeg_segments(data)
    frame, n_exif = None, 0
    for segment in segments:
        marker = segment[0]
        if marker == APP1:
            n_exif += data.startswith(b"Exif", segment.start)
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            frame = frame or segment
    if frame is None or frame.end - frame.start < 9 or segments[-1].marker != START_OF_SCAN:
        raise PhotoError("cannot be decoded: a JPEG without pixels")
    if n_exif > MAX_EXIF_SEGMENTS:
        raise PhotoError(f"JPEG with more than {MAX_EXIF_SEGMENTS} Exif segments")
    _, height, width, n_components = _read_frame(data, frame.start)
    scan = segments[-1].start
    if frame.marker <= _PROGRESSIVE and (width >> 5) * (height >> 5) > 8 * (len(data) - scan):
        # a Huffman code has at least one bit, and covers at most 32 x 32 pixels
        raise PhotoError(f"cannot be decoded: {len(data):,} bytes cannot hold {width:,} x {height:,} pixels")
    factor = choose_factor(width, height, size_px)
    if n_components > 3:
        n_bytes = int(_CMYK_BYTES * width * height)
    else:
        n_bytes = (3 if size_px else 9) * -(-width // factor) * -(-height // factor)
    n_scans = 1
    if frame.marker == _PROGRESSIVE or (scan < len(data) and data[scan] < n_components):
        n_scans = data.count(b"\xff\xda", scan)
        if n_scans > MAX_SCANS:
            raise PhotoError(f"JPEG with more than {MAX_SCANS:,} scans")
        n_bytes += _count_coefficients(data[frame.start + 6 : frame.end], width, height, n_components) * 2
    is_slow = width * height > N_QUICK or width * height * n_scans > N_QUICK_IN_SCANS or frame.marker > _PROGRESSIVE
    return Extent(width, height, n_bytes, is_slow, factor, n_components, segments)


def _count_coefficients(components: bytes, width: int, height: int, n_components: int) -> int:
    """Return the number of coefficients, all of which libjpeg keeps if a photo has several scans."""
    factors = components[1 : 3 * n_components : 3]
    across, down = max((f >> 4 for f in factors), default=1) or 1, max((f & 15 for f in factors), default=1) or 1
    n_units = -(-width // (8 * across)) * -(-height // (8 * down))
    return 64 * n_units * sum((f >> 4) * (f & 15) for f in factors)
