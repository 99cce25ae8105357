"""Formats are recognised by content, not by name."""

import io

import pytest
from PIL import Image

from headstart.pixels.file_format import HEAD_SIZE, sniff_format

KINDS = ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_formats_that_pillow_writes_are_recognised(kind, mode):
    stream = io.BytesIO()
    Image.new(mode, (5, 4)).save(stream, kind)
    assert sniff_format(stream.getvalue()[:HEAD_SIZE]) == kind.lower()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"GIF87a", "gif"),
        (b"MM\x00*\x00\x00\x00\x08", "tiff"),
        (b"II+\x00\x08\x00", "tiff"),
        (b"\xff\xd8\xff\xe1\x00\x10Exif", "jpeg"),
        (b"BM" + b"\0" * 12 + b"\x7c\0\0\0", "bmp"),
        (b"RIFF\x10\0\0\0WEBPVP8X", "webp"),
    ],
)
def test_variants_are_recognised(head, kind):
    assert sniff_format(head) == kind


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\xd8",
        b"BMW is a maker of cars, not a bitmap",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"\0\0\0\x18ftypheic",
        b" \xff\xd8\xff\xe0",
    ],
)
def test_anything_else_is_none(head):
    assert sniff_format(head) is None


def test_real_files_with_wrong_names_are_recognised(real_photos):
    kinds = {path.name: sniff_format(path.read_bytes()[:HEAD_SIZE]) for path in (real_photos / "odd-files").iterdir()}
    assert None not in kinds.values()
    assert set(kinds.values()) > {"gif"} or set(kinds.values()) > {"png"}
