"""Formats are recognised by content, not by name, and every file that is not read is named."""

import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.errors import PhotoError
from headstart.pixels import file_format
from headstart.pixels.file_format import FORMATS, HEAD_SIZE, PHOTO_SUFFIXES, recognise_photo, sniff_format

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
WRITTEN = {
    "JPEG": "JPEG", "PNG": "PNG", "WEBP": "WebP", "BMP": "BMP", "GIF": "GIF", "TIFF": "TIFF", "AVIF": "AVIF",
    "JPEG2000": "JPEG 2000", "PPM": "PPM", "TGA": "TGA", "QOI": "QOI", "PDF": "PDF", "EPS": "EPS",
}  # fmt: skip


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_formats_that_pillow_writes_are_recognised(kind, mode):
    if (kind, mode) == ("QOI", "L"):
        pytest.skip("QOI has no grey pictures")
    stream = io.BytesIO()
    Image.new(mode, (5, 4)).save(stream, kind)
    found = sniff_format(stream.getvalue())
    assert found is not None
    assert (found.name, found.reader) == (WRITTEN[kind], kind if found.reader else "")


def make_tga(**changes: int) -> bytes:
    """A header of 24 bits without a colour map; ``at_N`` replaces a byte."""
    header = bytearray(b"\0\0\x02" + bytes(9) + struct.pack("<HH", 7, 5) + b"\x18\x20")
    for at, value in changes.items():
        header[int(at[3:])] = value
    return bytes(header) + bytes(50)


def make_tiff(*tags: tuple[int, int], order: str = "<") -> bytes:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    return head + b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"GIF87a", "GIF"),
        (b"MM\x00*\x00\x00\x00\x08", "TIFF"),
        (b"II+\x00\x08\x00", "TIFF"),
        (b"\xff\xd8\xff\xe1\x00\x10Exif", "JPEG"),
        (b"BM" + b"\0" * 12 + b"\x7c\0\0\0", "BMP"),
        (b"RIFF\x10\0\0\0WEBPVP8X", "WebP"),
        (b"P5\n# a comment\n# and one more\n12 8\n255\n", "PPM"),
        (b"P4 12\t8\n", "PPM"),
        (b"P3 1 1 255 9 9 9", "plain PPM"),
        (b"P2\n#by hand\n1 1\n255", "plain PPM"),
        (b"P7\nWIDTH 3\n", "PAM"),
        (b"\xff\x4f\xff\x51\0\x2f", "JPEG 2000"),
        (make_tga(), "TGA"),
        (make_tga(at_2=10, at_16=32, at_17=8), "TGA"),
        (make_tga(at_1=1, at_2=1, at_6=1, at_7=24, at_16=8), "TGA"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0miafavif", "AVIF"),
        (b"\0\0\0\x18ftypavis\0\0\0\0", "AVIF"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01", "camera RAW"),
        (b"II*\0\x10\0\0\0CR\x02\0", "camera RAW"),
        (make_tiff((254, 1), (256, 160), (330, 900)), "camera RAW"),
        (make_tiff((254, 0), (50706, 0x01040000)), "camera RAW"),
        (make_tiff((254, 1), (330, 900), order=">"), "camera RAW"),
        (make_tiff((254, 0), (256, 160), (330, 900)), "TIFF"),
        (make_tiff((254, 1), (256, 160)), "TIFF"),
        (b"FUJIFILMCCD-RAW 0201", "camera RAW"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"8BPS\0\x01", "Photoshop"),
        (bytes(128) + b"DICM\x02\0", "DICOM"),
        (b"<?xml version='1.0'?>\n<!-- drawn -->\n<svg xmlns='http://www.w3.org/2000/svg'>", "SVG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0", "video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "video"),
        (b"\x1a\x45\xdf\xa3\x01", "video"),
        (b"PK\3\4\x14\0", "archive"),
        (b"\n<!DOCTYPE html>\n<html>", "HTML"),
        (b"<HTML><body>404 Not Found", "HTML"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "Git LFS"),
        (bytes(500), "zero bytes"),
        (b"once upon a time there was no photo", "text"),
        ("Größe und Maß der Fotos".encode(), "text"),
    ],
)  # fmt: skip
def test_variants_are_recognised(head, name):
    found = sniff_format(head)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\xd8",
        b"BMW",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b" \xff\xd8\xff\xe0",
        b"\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00",  # an icon
        b"\0\1\0\0\0\x11\1\0\0\4\0\x10OS/2\0\0\0\0",  # a font
        b"P6 is a letter\0",
        b"P6 4 3 " + b"# the last number is far away\1\n" * 200 + b"255 ",
        make_tga(at_3=1),  # a colour map that the type does not use
        make_tga(at_12=0),  # no width
        make_tga(at_16=7),
        make_tga(at_17=0x80),
        bytes(40) + b"\x01",
    ],
)
def test_anything_else_is_none(head):
    assert sniff_format(head) is None


def test_random_bytes_are_no_tga():
    generator = np.random.default_rng(0)
    names = [getattr(sniff_format(generator.bytes(300)), "name", None) for _ in range(3000)]
    assert not {"TGA", "PPM", "HEIC", "AVIF", "text"}.intersection(names)


def test_bytes_after_the_head_do_not_matter():
    head = (bytes(128) + b"DICM").ljust(HEAD_SIZE, b" ")
    assert sniff_format(head + b"more") is sniff_format(head)
    zeros = bytes(HEAD_SIZE)
    assert sniff_format(zeros + b"more") is sniff_format(zeros)


def test_real_files_with_wrong_names_are_recognised(real_photos):
    names = {sniff_format(path.read_bytes()).name for path in (real_photos / "odd-files").iterdir()}
    assert names & {"GIF", "PNG"}


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "empty file"),
        (b"RIFF", "not a photo: no known signature"),
        (bytes(128) + b"DICM", "a picture in DICOM format, not read: choose the window and save it as PNG"),
        (b"%PDF-1.7", "not a photo but a PDF: save the photos in it"),
        (b"<html>", "not a photo but a web page, perhaps of a failed download: download the photo again"),
    ],
)
def test_a_refusal_names_the_format_and_says_what_to_do(head, reason):
    with pytest.raises(PhotoError, match=re.escape(reason)):
        recognise_photo(head)


def test_heic_names_its_extra_unless_it_is_installed(monkeypatch):
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    monkeypatch.setattr(file_format, "is_installed", lambda package: False)
    with pytest.raises(
        PhotoError, match=r"a HEIC photo, which needs the extra 'heic': pip install 'headstart\[heic\]'"
    ):
        recognise_photo(head)
    monkeypatch.setattr(file_format, "is_installed", lambda package: package == "pillow_heif")
    assert recognise_photo(head).name == "HEIC"


def test_no_format_is_read_by_a_reader_that_starts_programs():
    readers = {kind.reader for kind in FORMATS if kind.reader}
    assert readers.isdisjoint({"EPS", "WMF", "FITS", "PDF", "GRIB", "BUFR", "HDF5", "MPEG"})
    assert all(bool(kind.reader) != bool(kind.problem) for kind in FORMATS)


def test_the_page_shows_the_table():
    page = PAGE.read_text(encoding="utf-8")
    rows = {row.split("|")[1].strip(): row for row in page.splitlines() if row.startswith("| ")}
    for kind in FORMATS:
        assert kind.name in rows
        assert all(f"`{suffix}`" in rows[kind.name] for suffix in kind.suffixes.split()), kind.name
        assert kind.extra in rows[kind.name]
        assert not kind.max_pixels or f"At most {kind.max_pixels // 1_000_000} million pixels" in rows[kind.name]
    assert len(rows) == len(FORMATS) + 1  # the heads


def test_suffixes_are_lower_case_and_belong_to_one_format():
    suffixes = [suffix for kind in FORMATS for suffix in kind.suffixes.split()]
    assert len(suffixes) == len(PHOTO_SUFFIXES)
    assert all(re.fullmatch(r"\.[a-z0-9]+", suffix) for suffix in suffixes)
