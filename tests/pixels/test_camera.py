"""The camera of a photo is read from its Exif data, in any format, and damage is no error."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from headstart.pixels.camera import HEAD_BYTES, read_camera
from headstart.pixels.exif_texts import MAX_TEXT

MAKE, MODEL, EXIF_DIRECTORY, SERIAL = 271, 272, 0x8769, 0xA431
PIXELS = np.random.default_rng(0).integers(0, 255, (400, 400, 3)).astype(np.uint8)


def encode(kind="JPEG", make=None, model=None, serial=None):
    exif = Image.Exif()
    for tag, text in ((MAKE, make), (MODEL, model)):
        if text is not None:
            exif[tag] = text
    if serial is not None:
        exif.get_ifd(EXIF_DIRECTORY)[SERIAL] = serial
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, kind, exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_camera_is_read_in_every_format_that_has_exif_data(kind):
    serial = None if kind == "TIFF" else "3004123"  # Pillow does not write it there
    name = read_camera(encode(kind, "NIKON CORPORATION", "D90", serial))
    assert name == f"NIKON CORPORATION D90{'' if serial is None else f' {serial}'}"


def test_a_model_that_begins_with_the_make_is_not_doubled():
    assert read_camera(encode(make="NIKON CORPORATION", model="NIKON D90")) == "NIKON D90"


def test_exif_data_in_the_other_byte_order_are_read():
    body = b"MM\0*" + struct.pack(">IH", 8, 1) + struct.pack(">HHI4s", MODEL, 2, 4, b"X10\0") + bytes(4)
    segment = b"Exif\0\0" + body
    jpeg = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + b"\xff\xd9"
    assert read_camera(jpeg) == "X10"


def test_the_head_of_a_jpeg_is_enough():
    data = encode(make="Apple", model="iPhone 12")
    assert len(data) > HEAD_BYTES
    assert read_camera(data[:HEAD_BYTES]) == "Apple iPhone 12"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photo_without_a_camera_has_none(kind):
    assert read_camera(encode(kind)) is None
    assert read_camera(encode(kind, serial="123")) is None


def test_control_characters_and_long_names_do_not_reach_messages():
    name = read_camera(encode(make="A\x1b[2J\n\tB", model="C" * 500))
    assert name == "A [2J B " + "C" * MAX_TEXT


def test_damaged_exif_data_are_no_error():
    data = encode("TIFF", "Canon", "EOS 5D", "99")
    generator = np.random.default_rng(0)
    for _ in range(500):
        damaged = bytearray(data[: generator.integers(8, len(data))])
        for at in generator.integers(0, min(len(damaged), 200), 5):
            damaged[at] = generator.integers(256)
        name = read_camera(bytes(damaged))
        assert name is None or name.isprintable()
    assert read_camera(b"") is None
