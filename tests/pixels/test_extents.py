"""The header of a photo tells what decoding it takes; what takes a library minutes is refused before it."""

import contextlib
import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from headstart.errors import PhotoError
from headstart.pixels.decode import decode_photo
from headstart.pixels.extents import read_extent
from headstart.pixels.limits import DecodingLimits

SIZE = (40, 30)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def make_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def make_png(width: int, height: int, before: bytes = b"", pixels: bytes | None = None) -> bytes:
    header = make_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = zlib.compress(bytes(height * (1 + 3 * width)), 1)
    pixels = make_chunk(b"IDAT", rows) if pixels is None else pixels
    return b"\x89PNG\r\n\x1a\n" + header + before + pixels + make_chunk(b"IEND", b"")


def make_tiff(tags: dict[int, tuple[int, int, int]], tail: bytes = b"") -> bytes:
    """Return a TIFF with these entries: type, number of values, and value or place."""
    entries = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in tags.items())
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + tail


def make_rle_bmp(width: int, height: int, codes: bytes) -> bytes:
    start = 54 + 1024
    head = struct.pack("<2sIHHI", b"BM", start + len(codes), 0, 0, start)
    return (
        head + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(codes), 0, 0, 256, 0) + bytes(1024) + codes
    )


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("GIF", {}), ("BMP", {}), ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"big_tiff": True}), ("WEBP", {}), ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": Image.Exif().tobytes()}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_the_size_is_that_of_the_photo(kind, options, mode):
    image = Image.new("RGB", SIZE, "red").convert("L" if (kind, mode) == ("JPEG", "P") else mode)
    extent = read_extent(kind, encode(image, kind, **options), 16)
    assert (extent.width, extent.height) == SIZE
    assert not extent.is_slow
    assert extent.n_bytes < 100_000


def test_a_first_frame_larger_than_its_screen_counts():
    data = bytearray(encode(Image.new("P", SIZE), "GIF"))
    data[6:10] = struct.pack("<HH", 2, 2)
    extent = read_extent("GIF", bytes(data), 16)
    assert (extent.width, extent.height) == SIZE


def test_a_jpeg_takes_the_size_to_which_it_is_shrunk():
    data = encode(Image.new("RGB", (1600, 1600)), "JPEG")
    assert read_extent("JPEG", data, 160).n_bytes == 3 * 200 * 200
    assert read_extent("JPEG", data, 400).n_bytes == 3 * 400 * 400
    progressive = read_extent("JPEG", encode(Image.new("RGB", (1600, 1600)), "JPEG", progressive=True), 160)
    assert progressive.n_bytes == 3 * 200 * 200 + 2 * 1600 * 1600 * 1.5  # all coefficients, two of three at a quarter


@pytest.mark.parametrize("width_height", [(49_000_000, 1), (1, 70_000), (65_536, 2)])
def test_sides_that_the_resizer_cannot_take_are_refused(width_height):
    width, height = width_height
    data = make_png(width, height, pixels=make_chunk(b"IDAT", zlib.compress(bytes(9))))
    with pytest.raises(PhotoError, match="need sides of at most 65,535"):
        decode_photo(data, 16)


def test_the_longest_sides_are_decoded():
    for width, height in ((65_535, 1), (1, 65_535)):
        assert decode_photo(make_png(width, height), 16).shape == (16, 16, 3)


@pytest.mark.parametrize(
    "data",
    [
        encode(Image.new("RGB", (2000, 2000)), "PNG"),
        encode(Image.new("RGB", (1000, 1000)), "WEBP", lossless=True),
        encode(Image.new("RGB", (1600, 1600)), "JPEG", progressive=True),
        encode(Image.new("CMYK", (1200, 1200)), "JPEG"),
        encode(Image.fromarray(np.zeros((900, 900), np.float32)), "TIFF"),
        encode(Image.new("RGB", (2000, 1000)), "TIFF", compression="tiff_lzw"),
        make_tiff({256: (4, 1, 64), 257: (4, 1, 64), 259: (3, 1, 5), 322: (4, 1, 9000), 323: (4, 1, 9000)}),
        make_rle_bmp(1300, 1300, b"\x00\x01"),
        encode(Image.new("P", (2000, 2000)), "GIF"),
    ],
    ids=["PNG", "WebP", "progressive", "CMYK", "floats", "TIFF", "tile", "BMP", "GIF"],
)  # fmt: skip
def test_photos_that_need_too_much_memory_are_refused_undecoded(data, monkeypatch):
    monkeypatch.setattr(Image, "open", None)
    with pytest.raises(PhotoError, match=r"of this kind take [0-9]+ MB of memory, need at most 5 MB"):
        decode_photo(data, 160, limits=DecodingLimits(max_bytes=5_000_000))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (make_png(9, 9, make_chunk(b"teXt", b"") * 200_000), "PNG with more than 10,000 chunks"),
        (make_png(9, 9, pixels=make_chunk(b"IDAT", b"") * 300_000), "200,000 of pixels"),
        (make_tiff({273: (4, 5_000_000, 8)}), "65,536 strips or tiles"),
        (make_tiff({324: (16, 5_000_000, 8)}), "65,536 strips or tiles"),
        (make_tiff(dict.fromkeys(range(1, 2000), (1, 1, 0))), "1,000 entries"),
        (make_tiff(dict.fromkeys(range(1, 900), (1, 2000000, 8)), bytes(2_000_000)), "64 MB in its directory"),
    ],
    ids=["chunks", "pixel chunks", "strips", "tiles", "entries", "entries of one place"],
)  # fmt: skip
def test_photos_with_endless_parts_are_refused_at_once(data, reason):
    started = time.process_time()
    with pytest.raises(PhotoError, match=reason):
        decode_photo(data, 16)
    assert time.process_time() - started < 10


@pytest.mark.parametrize("part", [b"!\xfe" + b"\x01a" * 100_000 + b"\x00", b"!\xfe\x01a\x00" * 50_000, b"x" * 100_000])
def test_gifs_with_endless_comments_are_refused_at_once(part):
    data = encode(Image.new("P", SIZE), "GIF")
    start = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    assert decode_photo(data[:start] + b"!\xfe" + b"\x01a" * 500 + b"\x00" + data[start:], 16).shape == (16, 16, 3)
    with pytest.raises(PhotoError, match=r"GIF with more than 4,096 blocks"):
        decode_photo(data[:start] + part + data[start:], 16)


def test_scans_and_exif_segments_are_limited():
    data = encode(Image.new("RGB", (64, 64)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(PhotoError, match="JPEG with more than 1,000 scans"):
        decode_photo(data[:-2] + last * 1_100 + b"\xff\xd9", 16)
    exif = b"\xff\xe1\x00\x08Exif\x00\x00"
    assert decode_photo(data[:2] + exif * 60 + data[2:], 16).shape == (16, 16, 3)
    with pytest.raises(PhotoError, match="JPEG with more than 64 Exif segments"):
        decode_photo(data[:2] + exif * 70 + data[2:], 16)


def test_many_scans_of_a_large_photo_are_slow():
    data = encode(Image.new("RGB", (640, 640)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert not read_extent("JPEG", data, 16).is_slow
    assert read_extent("JPEG", data[:-2] + last * 900 + b"\xff\xd9", 16).is_slow


def test_a_jpeg_that_claims_more_pixels_than_it_can_hold_is_refused():
    data = encode(Image.new("RGB", (64, 64)), "JPEG")
    at = data.index(b"\xff\xc0") + 5
    claimed = data[:at] + struct.pack(">HH", 13_000, 13_000) + data[at + 4 :]
    with pytest.raises(PhotoError, match=r"bytes cannot hold 13,000 x 13,000 pixels"):
        decode_photo(claimed, 160)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "WEBP", "JPEG"])
def test_a_cut_header_is_refused_or_read(kind):
    data = encode(Image.new("RGB", SIZE), kind)
    found = []
    for n_bytes in range(4, 64):
        with contextlib.suppress(PhotoError):
            found.append(read_extent(kind, data[:n_bytes], 16))
    assert all(extent is None or extent.n_pixels <= SIZE[0] * SIZE[1] for extent in found)


def test_unknown_formats_have_no_extent():
    assert read_extent("HEIF", b"", 16) is None


@pytest.mark.parametrize("kind", [4, 8, 9, 13])
def test_the_size_of_a_tiff_counts_in_every_type_of_whole_numbers(kind):
    n_values = {256: (kind, 1, 12_000), 257: (kind, 1, 12_000), 339: (3, 1, 3)}
    assert read_extent("TIFF", make_tiff(n_values), 32).n_bytes > 2_000_000_000
    with pytest.raises(PhotoError, match="12,000 x 12,000 pixels of this kind take 3,024 MB of memory"):
        decode_photo(make_tiff(n_values), 32)


@pytest.mark.parametrize("kind", [2, 5, 11, 12])
def test_a_tiff_whose_size_is_no_whole_number_is_refused(kind):
    data = make_tiff({256: (kind, 1, 64), 257: (kind, 1, 64)}, bytes(100))
    with pytest.raises(PhotoError, match="a TIFF without a size in whole numbers"):
        decode_photo(data, 32)


def test_a_bigtiff_that_pillow_reads_elsewhere_is_refused():
    data = b"MM\0+" + struct.pack(">HHQ", 8, 0, 16) + bytes(100)
    with pytest.raises(PhotoError, match="a BigTIFF with the highest byte first, not read: save it as TIFF"):
        decode_photo(data, 32)


def test_a_png_whose_size_is_not_in_its_first_chunk_is_refused():
    png = make_png(64, 48)
    assert decode_photo(png, 32).shape == (32, 32, 3)
    with pytest.raises(PhotoError, match="a PNG whose header is not its first chunk"):
        decode_photo(png[:8] + make_chunk(b"prVt", struct.pack(">IIBB", 8, 8, 8, 2)) + png[8:], 32)
