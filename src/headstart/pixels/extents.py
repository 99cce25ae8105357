"""What decoding a photo takes, read from its header before any library sees it: size, memory, and whether it is slow.

The bytes for a pixel are the peak of opening, loading and resizing (docs/decisions/0031). Pillow handles each chunk,
block or strip in Python, and joins some of them in quadratic time: their number is limited.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from headstart.errors import PhotoError
from headstart.pixels import tiff_directory as tiff
from headstart.pixels.jpeg_extent import Extent, read_jpeg_extent

MAX_PNG_CHUNKS, MAX_PNG_DATA_CHUNKS = 10_000, 200_000  # encoders write one IDAT chunk for each 8 KB or more
MAX_GIF_BLOCKS = 4_096  # of 255 bytes, before the first frame: a profile of 500 KB takes 2,000
N_QUICK = 25_000_000  # pixels that every reader of these formats decodes within a second
N_QUICK_WEBP, N_QUICK_RLE = 10_000_000, 500_000
_PNG_BYTES = {0: 1.5, 2: 4.5, 3: 1.5, 4: 4.5, 6: 4.5}  # for a pixel, by colour type (W3C PNG 11.2.1)
_GREY_16_BYTES, _GIF_BYTES, _BMP_BYTES, _LOSSY_WEBP_BYTES, _WEBP_BYTES = 2.5, 2.5, 4.5, 16.5, 20.5
_TIFF_BYTES, _TIFF_BYTES_8, _TIFF_BYTES_CMYK, _TIFF_BYTES_FLOAT = 5.0, 1.5, 9.0, 21.0
# none, CCITT, LZW, Deflate, PackBits (TIFF 6.0 and its supplements): their time follows from the number of pixels
_TIFF_QUICK = (1, 2, 3, 4, 5, 8, 32773, 32946)
_read_png_chunk = struct.Struct(">I4s").unpack_from


def read_extent(reader: str, data: bytes, size_px: int | None) -> Extent | None:
    """Return what decoding a photo takes; None if its format is not among those whose cost a header tells.

    Parameters
    ----------
    reader
        Pillow's name of the format.
    size_px
        Size to which it is decoded; None for its own.

    Raises
    ------
    PhotoError
        If the header is incomplete, or the photo has more parts than a photo needs.
    """
    if reader == "JPEG":
        return read_jpeg_extent(data, size_px)
    if reader not in _READERS:
        return None
    try:
        extent = _READERS[reader](data)
    except (struct.error, IndexError):
        raise PhotoError("cannot be decoded: the file ends in its header") from None
    if size_px is None:
        extent = Extent(extent.width, extent.height, extent.n_bytes + 9 * extent.n_pixels, is_slow=extent.is_slow)
    return extent


def _read_png(data: bytes) -> Extent:
    """Read a PNG (W3C PNG 5.3, 11.2.1)."""
    if data[12:16] != b"IHDR":  # Pillow takes a size from a later one, too
        raise PhotoError("cannot be decoded: a PNG whose header is not its first chunk")
    width, height, depth, colours = struct.unpack_from(">IIBB", data, 16)
    n_chunks = n_data = 0
    at = 8
    while at + 8 <= len(data):
        length, name = _read_png_chunk(data, at)
        at += length + 12
        if name in (b"IDAT", b"fdAT"):
            n_data += 1
        else:
            n_chunks += 1
        if n_chunks > MAX_PNG_CHUNKS or n_data > MAX_PNG_DATA_CHUNKS:
            raise PhotoError(f"PNG with more than {MAX_PNG_CHUNKS:,} chunks, or {MAX_PNG_DATA_CHUNKS:,} of pixels")
        if name == b"IEND":
            break
    stored = _GREY_16_BYTES if (depth, colours) == (16, 0) else _PNG_BYTES.get(colours, 4.5)
    return _make_extent(width, height, stored)


def _read_gif(data: bytes) -> Extent:
    """Read a GIF up to its first frame, which may be larger than the screen (GIF89a 18, 20, 23, 24)."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    n_blocks = 0
    while data[at] != 0x2C:
        if data[at] == 0x3B:
            raise PhotoError("cannot be decoded: a GIF without a frame")
        is_extension = data[at] == 0x21
        at += 1 + is_extension  # its label; Pillow skips other bytes
        while True:
            n_blocks += 1
            if n_blocks > MAX_GIF_BLOCKS:
                raise PhotoError(f"GIF with more than {MAX_GIF_BLOCKS:,} blocks before its first frame")
            if not is_extension or data[at] == 0:
                break
            at += 1 + data[at]
        at += is_extension
    left, top, frame_width, frame_height = struct.unpack_from("<HHHH", data, at + 1)
    return _make_extent(max(width, left + frame_width), max(height, top + frame_height), _GIF_BYTES)


def _read_webp(data: bytes) -> Extent:
    """Read a WebP (RFC 9649, 2.5 to 2.7 and 3.4; RFC 6386, 9.1)."""
    if data[12:16] == b"VP8X":
        width, height = 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    elif data[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    return _make_extent(width, height, _LOSSY_WEBP_BYTES if data[12:16] == b"VP8 " else _WEBP_BYTES, N_QUICK_WEBP)


def _read_bmp(data: bytes) -> Extent:
    """Read a BMP. Pillow expands its run-length codes in Python."""
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", data, 18)
    is_rle = header > 12 and struct.unpack_from("<I", data, 30)[0] in (1, 2)
    return _make_extent(abs(width), abs(height), _BMP_BYTES, N_QUICK_RLE if is_rle else N_QUICK)


def _read_tiff(data: bytes) -> Extent:
    """Read a TIFF. libtiff holds one strip or tile beside the photo."""
    tags = tiff.read_tiff_directory(data)
    width, height = tags.get(tiff.WIDTH, 0), tags.get(tiff.LENGTH, 0)
    if min(width, height) < 1:  # Pillow might find one where this reader does not
        raise PhotoError("cannot be decoded: a TIFF without a size in whole numbers")
    samples, bits = tags.get(tiff.SAMPLES, 1), tags.get(tiff.BITS, 1)
    if tags.get(tiff.SAMPLE_FORMAT) == 3:
        stored = _TIFF_BYTES_FLOAT
    elif tags.get(tiff.PHOTOMETRIC) == 5:
        stored = _TIFF_BYTES_CMYK
    else:
        stored = _TIFF_BYTES_8 if samples == 1 and bits <= 8 else _TIFF_BYTES
    extent = _make_extent(width, height, stored)
    if tags.get(tiff.COMPRESSION, 1) == 1:
        return extent
    rows, columns = min(tags.get(tiff.ROWS, height), height), width
    if tiff.TILE_WIDTH in tags:
        rows, columns = tags.get(tiff.TILE_LENGTH, 0), tags[tiff.TILE_WIDTH]
    n_bytes = extent.n_bytes + rows * columns * samples * bits // 8
    is_slow = extent.is_slow or tags[tiff.COMPRESSION] not in _TIFF_QUICK
    return Extent(width, height, n_bytes, is_slow=is_slow)


def _make_extent(width: int, height: int, bytes_per_pixel: float, n_quick: int = N_QUICK) -> Extent:
    return Extent(width, height, int(width * height * bytes_per_pixel), is_slow=width * height > n_quick)


_READERS: dict[str, Callable[[bytes], Extent]] = {
    "PNG": _read_png, "GIF": _read_gif, "WEBP": _read_webp, "BMP": _read_bmp, "TIFF": _read_tiff,
}  # fmt: skip
