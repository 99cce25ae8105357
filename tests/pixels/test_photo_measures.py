"""Measures of pixels agree with slow and plain computations, and tell sharp photos from blurred ones."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from headstart.pixels.photo_measures import (
    N_MEASURES,
    PhotoMeasures,
    measure_photo,
    measure_samples,
    sample_photo,
    take_measure,
)


def measure(pixels):
    return PhotoMeasures(*measure_photo(np.ascontiguousarray(pixels)).tolist())


def convert(pixels):
    return (pixels.astype(np.int64) @ [77, 150, 29]) >> 8


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)


def test_percentiles_and_mean_are_those_of_a_grid(noise):
    found = measure(noise)
    rows = convert(noise[3::7, 3::7])
    assert found.darkest == np.percentile(rows, 1, method="inverted_cdf")
    assert found.brightest == np.percentile(rows, 99, method="inverted_cdf")
    assert found.mean == pytest.approx(rows.mean(), abs=0.01)


def test_sharpness_is_the_variance_of_the_laplacian(noise):
    values = []
    for start in (10, 34, 58, 82):
        grey = convert(noise[start : start + 4])
        around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
        values.append(4 * grey[1:-1, 1:-1] - around)
    assert measure(noise).sharpness == pytest.approx(np.var(values), rel=1e-3)


def test_the_border_is_the_outermost_ring(noise):
    grey = convert(noise)
    sides = [grey[0], grey[-1], grey[:, 0], grey[:, -1]]
    found = measure(noise)
    assert found.border_mean == pytest.approx(np.concatenate(sides).mean(), abs=0.01)
    assert found.border_sd == pytest.approx(np.concatenate(sides).std(), abs=0.01)
    assert found.side_sd == pytest.approx(min(side.std() for side in sides), abs=0.01)


def test_one_uniform_side_is_found(noise):
    noise[:, -1] = 90
    found = measure(noise)
    assert (found.side_mean, found.side_sd) == (90, 0)
    assert found.border_sd > 20


def test_a_photo_of_one_colour_has_no_contrast():
    assert measure(np.full((48, 48, 3), 7, np.uint8)) == PhotoMeasures(7, 7, 0, 7, 7, 0, 7, 0)


def test_the_extremes_of_8_bits_do_not_overflow():
    board = np.indices((96, 96)).sum(axis=0) % 2 * 255
    found = measure(np.repeat(board[..., None], 3, axis=2).astype(np.uint8))
    assert found.sharpness == pytest.approx((4 * 255) ** 2, rel=1e-3)


def test_blur_lowers_the_sharpness(noise):
    blurred = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3)))
    assert measure(blurred).sharpness < measure(noise).sharpness / 1000


def test_a_row_has_the_stated_type(noise):
    row = measure_photo(noise)
    assert (row.shape, row.dtype) == ((N_MEASURES,), np.float32)


def test_measures_do_not_depend_on_the_other_photos(noise):
    photos = [noise, noise[::-1], np.full_like(noise, 200), noise // 2]
    together = measure_samples([sample_photo(pixels) for pixels in photos], 96)
    assert np.array_equal(together, [measure_photo(pixels) for pixels in photos])


def test_a_measure_is_taken_by_its_name(noise):
    rows = measure_samples([sample_photo(noise)] * 2, 96)
    assert take_measure(rows, "border_mean").tolist() == [measure(noise).border_mean] * 2
