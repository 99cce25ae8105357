"""The EXIF orientation is found wherever it may be in a JPEG."""

import io
import struct

import pytest
from PIL import Image

from headstart.pixels.decode import open_photo
from headstart.pixels.jpeg_segments import read_jpeg_segments
from headstart.pixels.orientation import find_exif_orientation, read_jpeg_orientation


def make_jpeg(orientation: int | None, before: bytes = b"") -> bytes:
    """A JPEG with its EXIF segment, if any, behind other bytes."""
    stream = io.BytesIO()
    Image.new("RGB", (40, 20)).save(stream, "JPEG")
    segment = b""
    if orientation is not None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = exif.tobytes()
        segment = b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
    return stream.getvalue()[:2] + before + segment + stream.getvalue()[2:]


def make_segment(marker: int, n_bytes: int) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", n_bytes + 2) + b"x" * n_bytes


def find_orientation(data: bytes) -> int:
    return read_jpeg_orientation(data, read_jpeg_segments(data))


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\xff",  # a fill byte
        make_segment(0xE2, 65_000) * 3,  # a long colour profile
        make_segment(0xE1, 60_000) + make_segment(0xFE, 60_000),  # XMP and a comment
    ],
    ids=["first", "fill byte", "behind a profile", "behind XMP"],
)
def test_exif_is_found_behind_other_segments(before):
    data = make_jpeg(6, before)
    assert find_orientation(data) == 6
    assert open_photo(data).shape == (40, 20, 3)


def test_exif_after_the_pixels_is_ignored_without_opening_the_photo(monkeypatch):
    monkeypatch.setattr(Image, "open", None)  # the search does not open the photo
    assert find_orientation(make_jpeg(None)) == 1
    assert find_orientation(make_jpeg(None) + b"\xff\xe1\x00\x10Exif\x00\x00") == 1


def test_the_first_exif_segment_counts():
    two = make_jpeg(6, make_jpeg(8)[2:].split(b"\xff\xe0")[0])
    assert two.count(b"Exif\x00\x00") == 2
    assert find_orientation(two) == 8


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "code"), [(1, "B"), (3, "H"), (4, "I")])
def test_the_orientation_is_an_integer_of_any_size_in_either_byte_order(order, kind, code):
    value = struct.pack(order + code, 6).ljust(4, b"\x00")
    exif = (b"II" if order == "<" else b"MM") + struct.pack(order + "HIHHHI", 42, 8, 1, 0x0112, kind, 1) + value
    assert find_exif_orientation(exif) == 6
    assert find_exif_orientation(exif[:-1]) is None


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_out_of_range_is_ignored(value):
    assert find_exif_orientation(b"MM" + struct.pack(">HIHHHIHH", 42, 8, 1, 0x0112, 3, 1, value, 0)) is None


@pytest.mark.parametrize("size", [2, 3, 5, 7, 12])
def test_a_truncated_header_ends_the_search(size):
    assert find_orientation(make_jpeg(6)[:size]) == 1


XMP = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta><rdf:Description %b/></x:xmpmeta>"


def make_xmp(packet: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet


@pytest.mark.parametrize(
    "packet",
    [
        XMP % b'tiff:Orientation="6"',
        XMP % b"tiff:Orientation = '6'",
        XMP % b">\n<tiff:Orientation> 6 </tiff:Orientation",
    ],
)
def test_an_orientation_that_stands_only_in_xmp_counts(packet):
    data = make_jpeg(None, make_xmp(packet))
    assert find_orientation(data) == 6
    assert open_photo(data).shape == (40, 20, 3)


def test_exif_wins_over_xmp_before_and_behind_it():
    xmp = make_xmp(XMP % b'tiff:Orientation="6"')
    data = make_jpeg(1, xmp)
    assert find_orientation(data) == 1
    assert find_orientation(make_jpeg(8, xmp)) == 8
    without_tag = b"\xff\xe1\x00\x16Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    assert find_orientation(make_jpeg(None, without_tag + xmp)) == 6


@pytest.mark.parametrize("value", [b'"0"', b'"9"', b'"12"', b'""', b'"x"'])
def test_an_orientation_in_xmp_out_of_range_is_ignored(value):
    assert find_orientation(make_jpeg(None, make_xmp(XMP % (b"tiff:Orientation=" + value)))) == 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_xmp_of_other_formats_counts(kind):
    packet, stream = XMP.partition(b"\x00")[2] % b'tiff:Orientation="6"', io.BytesIO()
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.decode())
        Image.new("RGB", (40, 20)).save(stream, kind, pnginfo=text)
    else:
        Image.new("RGB", (40, 20)).save(stream, kind, xmp=packet)
    assert open_photo(stream.getvalue()).shape == (40, 20, 3)
