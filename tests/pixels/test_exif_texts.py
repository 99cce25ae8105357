"""Texts are read from Exif data of any format, by tag, and damage ends the search."""

import io
import struct

import pytest
from PIL import Image

from headstart.pixels.exif_texts import find_exif, read_exif_texts

MODEL, DATE_TAKEN, EXIF_DIRECTORY = 272, 0x9003, 0x8769


def encode(kind="JPEG"):
    exif = Image.Exif()
    exif[MODEL] = "X10"
    exif.get_ifd(EXIF_DIRECTORY)[DATE_TAKEN] = "2019:07:31 12:00:00"
    stream = io.BytesIO()
    Image.new("RGB", (20, 20)).save(stream, kind, exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_texts_of_both_directories_are_read_by_tag(kind):
    exif = find_exif(encode(kind))
    assert read_exif_texts(exif, (MODEL, DATE_TAKEN)) == {MODEL: "X10", DATE_TAKEN: "2019:07:31 12:00:00"}
    assert read_exif_texts(exif, (MODEL,)) == {MODEL: "X10"}


def test_a_photo_without_exif_data_has_none():
    stream = io.BytesIO()
    Image.new("RGB", (20, 20)).save(stream, "PNG")
    assert find_exif(stream.getvalue()) is None


def test_data_that_end_too_early_raise():
    with pytest.raises(struct.error, match="unpack_from requires"):
        read_exif_texts(b"II*\0\x08\0\0\0", (MODEL,))


def test_other_bytes_have_no_texts():
    assert read_exif_texts(b"no Exif data", (MODEL,)) == {}
