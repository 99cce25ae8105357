"""libtiff prints nothing; the reason is in the error."""

import io
import sys

import numpy as np
import pytest
from PIL import Image, features

from headstart.errors import PhotoError
from headstart.pixels.decode import decode_photo

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not features.check("libtiff"), reason="the libtiff of this Pillow cannot be silenced"
)


def save_tiff(compression: str) -> bytearray:
    mode = "1" if compression == "group4" else "RGB"
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).convert(mode)
    file = io.BytesIO()
    image.save(file, "TIFF", compression=compression)
    return bytearray(file.getvalue())


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "group4"])
def test_an_error_of_libtiff_is_not_printed(compression, capfd):
    data = save_tiff(compression)
    data[200:400] = b"\xff" * 200
    try:
        decode_photo(bytes(data), 96)
    except PhotoError as error:
        assert str(error)  # noqa: PT017  Group 4 goes on after bad codes
    assert capfd.readouterr() == ("", "")


def test_a_warning_of_libtiff_is_not_printed(capfd):
    data = save_tiff("tiff_lzw")
    at = data.index((284).to_bytes(2, "little") + b"\3\0")  # PlanarConfiguration, of type SHORT
    data[at + 4] = 2  # its count, which must be 1
    try:
        decode_photo(bytes(data), 96)
    except PhotoError as error:
        assert str(error)  # noqa: PT017  a version of libtiff may refuse it
    assert capfd.readouterr() == ("", "")
