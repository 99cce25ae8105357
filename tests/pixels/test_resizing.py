"""Resizing agrees with Pillow, gives the same pixels on every processor, and is safe in threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cykooz_resizer import CpuExtensions
from PIL import Image

from headstart.pixels import resizing
from headstart.pixels.image_columns import ImageColumns
from headstart.pixels.resizing import describe_resizer, resize_pixels


def paint(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth colours with noise: neither flat nor only edges."""
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 255, (7, 9, 3), np.uint8)).resize((width, height))
    return np.clip(np.asarray(coarse) + generator.integers(-20, 20, (height, width, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", [(374, 447), (160, 900), (50, 40), (161, 160), (1, 1)])
@pytest.mark.parametrize("target", [(160, 160), (96, 224)])
def test_resizing_agrees_with_pillow(size, target):
    pixels = paint(*size)
    expected = np.asarray(Image.fromarray(pixels).resize(target[::-1], Image.Resampling.BICUBIC))
    difference = np.abs(resize_pixels(pixels, *target).astype(int) - expected)
    assert difference.mean() < 0.6  # both round to 8 bits between the two directions, in another order
    assert np.quantile(difference, 0.999) <= 6


def test_pixels_of_the_right_size_are_returned_unchanged():
    pixels = paint(64, 64)
    assert resize_pixels(pixels, 64, 64) is pixels


def test_pixels_need_not_be_contiguous():
    pixels = paint(300, 200)
    turned = pixels.swapaxes(0, 1)[::-1]
    assert (resize_pixels(turned, 96, 96) == resize_pixels(np.ascontiguousarray(turned), 96, 96)).all()


def test_the_processor_changes_no_pixel():
    pixels = paint(374, 447)
    fast = resize_pixels(pixels, 160, 160)
    resizer, _ = resizing._get_resizer()
    found = resizer.cpu_extensions
    try:
        resizer.cpu_extensions = CpuExtensions.none
        assert (resize_pixels(pixels, 160, 160) == fast).all()
    finally:
        resizer.cpu_extensions = found


def test_threads_do_not_disturb_each_other():
    photos = [paint(200 + n, 300 - n, n) for n in range(40)]
    alone = [resize_pixels(photo, 96, 96) for photo in photos]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda photo: resize_pixels(photo, 96, 96), photos))
    assert all((a == b).all() for a, b in zip(alone, together, strict=True))


def test_the_description_has_the_version():
    assert describe_resizer().startswith("cykooz.resizer 4.")


@pytest.mark.parametrize("size", [(1500, 1400), (2900, 800), (700, 3100), (20, 110_000), (110_000, 20), (96, 22_000)])
@pytest.mark.parametrize("target", [(96, 96), (160, 224)])
def test_blocks_change_no_pixel(size, target, monkeypatch):
    pixels = paint(*size)
    assert pixels.nbytes > resizing.LARGE_BYTES
    in_blocks = resize_pixels(pixels, *target)
    of_an_image = resize_pixels(ImageColumns(Image.fromarray(pixels)), *target)
    monkeypatch.setattr(resizing, "LARGE_BYTES", pixels.nbytes)
    whole = resize_pixels(pixels, *target)
    assert (whole == in_blocks).all()
    assert (whole == of_an_image).all()
