"""What decoding a JPEG takes, read from its header; a photo of 0.7 KB that claims 169 million pixels is refused."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.errors import PhotoError
from headstart.pixels.jpeg_segments import APP1, START_OF_SCAN, Segment, read_jpeg_segments

MAX_SCANS = 1_000  # encoders write 10 to 20
MAX_EXIF_SEGMENTS = 64  # Pillow joins them in quadratic time
N_QUICK = 100_000_000  # pixels that are decoded within a second
N_QUICK_IN_SCANS = 200_000_000  # pixels times scans, likewise
_CMYK_BYTES = 8.5  # for a pixel: Pillow's photo and, converted from its profile, another one
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2  # ITU-T T.81, table B.1
_NO_FRAME = (0xC4, 0xC8, 0xCC)


@dataclass(frozen=True, slots=True)
class Extent:
    """What decoding a photo takes.

    Attributes
    ----------
    n_bytes
        Memory at the peak, besides the file.
    is_slow
        Whether it may take more than about a second.
    """

    width: int
    height: int
    n_bytes: int
    is_slow: bool

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
    frame = next((s for s in segments if 0xC0 <= s.marker <= 0xCF and s.marker not in _NO_FRAME), None)
    if frame is None or frame.end - frame.start < 9 or segments[-1].marker != START_OF_SCAN:
        raise PhotoError("cannot be decoded: a JPEG without pixels")
    _check_exif(data, segments)
    height, width = (int.from_bytes(data[frame.start + n : frame.start + n + 2], "big") for n in (1, 3))
    n_components, scan = data[frame.start + 5], segments[-1].start
    factors = [data[at] for at in range(frame.start + 7, min(frame.start + 6 + 3 * n_components, frame.end), 3)]
    across, down = max(f >> 4 for f in factors) or 1, max(f & 15 for f in factors) or 1
    n_units = -(-width // (8 * across)) * -(-height // (8 * down))
    if frame.marker in (_BASELINE, _EXTENDED, _PROGRESSIVE) and n_units > 8 * (len(data) - scan):
        # a Huffman code has at least one bit
        raise PhotoError(f"cannot be decoded: {len(data):,} bytes cannot hold {width:,} x {height:,} pixels")
    if n_components > 3:
        n_bytes = int(_CMYK_BYTES * width * height)
    else:
        factor = choose_factor(width, height, size_px)
        n_bytes = (3 if size_px else 9) * -(-width // factor) * -(-height // factor)
    n_scans = 1
    if frame.marker == _PROGRESSIVE or (scan < len(data) and data[scan] < n_components):
        n_scans = data.count(b"\xff\xda", scan)
        if n_scans > MAX_SCANS:
            raise PhotoError(f"JPEG with more than {MAX_SCANS:,} scans")
        n_bytes += 128 * n_units * sum((f >> 4) * (f & 15) for f in factors)  # libjpeg keeps all coefficients
    is_slow = width * height > N_QUICK or width * height * n_scans > N_QUICK_IN_SCANS or frame.marker > _PROGRESSIVE
    return Extent(width, height, n_bytes, is_slow=is_slow)


def _check_exif(data: bytes, segments: list[Segment]) -> None:
    n_exif = sum(marker == APP1 and data.startswith(b"Exif", start) for marker, start, _ in segments)
    if n_exif > MAX_EXIF_SEGMENTS:
        raise PhotoError(f"JPEG with more than {MAX_EXIF_SEGMENTS} Exif segments")
