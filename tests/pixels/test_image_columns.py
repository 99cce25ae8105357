"""Columns of a large image are those of the whole image in RGB."""

import io

import numpy as np
import pytest
from PIL import Image

from headstart.pixels.colours import convert_to_rgb
from headstart.pixels.decode import open_photo
from headstart.pixels.image_columns import ImageColumns


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "I;16", "I"])
def test_columns_are_converted_like_the_whole(mode):
    values = np.random.default_rng(0).integers(0, 255, (30, 50, 4), np.uint8)
    image = (
        Image.fromarray(values[..., :3]).convert(mode)
        if mode != "I;16"
        else Image.fromarray(values[..., 0] * np.uint16(257))
    )
    if mode == "P":
        image.info["transparency"] = 3
    whole = np.asarray(convert_to_rgb(image))
    columns = ImageColumns(image)
    assert (columns.shape, columns.nbytes) == (whole.shape, whole.nbytes)
    np.testing.assert_array_equal(columns[:, 7:20], whole[:, 7:20])
    np.testing.assert_array_equal(columns[:, 40:90], whole[:, 40:])
    np.testing.assert_array_equal(columns[:, :], whole)


def test_a_large_photo_is_opened_whole():
    pixels = np.random.default_rng(0).integers(0, 255, (1500, 1400, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=0)
    np.testing.assert_array_equal(open_photo(stream.getvalue()), pixels)
