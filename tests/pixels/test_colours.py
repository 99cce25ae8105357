"""Grey photos of more than 8 bits become RGB by their mode, never by their brightness."""

import numpy as np
import pytest
from PIL import Image

from headstart.errors import PhotoError
from headstart.pixels.colours import convert_to_rgb
from headstart.pixels.sample_values import SampleRange


def convert(values: list[float], dtype: str) -> list[int]:
    """Convert one row of grey pixels and return it."""
    return np.asarray(convert_to_rgb(Image.fromarray(np.array([values], dtype))))[0, :, 0].tolist()


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<i4"])
def test_integers_are_scaled_by_their_type_even_if_dark(dtype):
    assert convert([0, 100, 257, 514], dtype) == [0, 0, 1, 2]
    assert convert([0, 257 * 77, 65535], dtype) == [0, 77, 255]


@pytest.mark.parametrize(("low", "high"), [(0, 65_536), (-5, 100), (0, 2_000_000_000)])
def test_integers_of_another_range_are_refused(low, high):
    with pytest.raises(PhotoError, match=f"photo with whole numbers from {low:,} to {high:,}, need 0 to 65,535"):
        convert([low, high], "<i4")


@pytest.mark.parametrize(("depth", "white"), [(8, 255), (12, 4095), (14, 16_383), (16, 65_535)])
def test_the_depth_decides_what_is_white(depth, white):
    image = Image.fromarray(np.array([[0, white // 2, white, 65_535]], np.uint16))
    assert np.asarray(convert_to_rgb(image, SampleRange(depth)))[0, :, 0].tolist() == [0, 127, 255, 255]


def test_an_inverted_photo_has_white_at_0():
    for values, dtype in (([0, 257 * 100, 65_535], np.uint16), ([0, 100 / 255, 1], np.float32)):
        image = Image.fromarray(np.array([values], dtype))
        assert np.asarray(convert_to_rgb(image, SampleRange(is_inverted=True)))[0, :, 0].tolist() == [255, 155, 0]


def test_floats_up_to_1_are_scaled_and_floats_up_to_255_are_kept():
    assert convert([0, 0.5, 1], "<f4") == [0, 128, 255]
    assert convert([0, 0.5, 1.2, 255], "<f4") == [0, 0, 1, 255]


@pytest.mark.parametrize(("low", "high"), [(0, 256), (-1, 1), (300, 400), (-9, -2)])
def test_floats_of_another_range_are_refused(low, high):
    with pytest.raises(PhotoError, match=f"float photo with values from {low} to {high}, need 0 to 1 or 0 to 255"):
        convert([low, high], "<f4")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(value):
    with pytest.raises(PhotoError, match="not finite"):
        convert([0, value, 1], "<f4")
