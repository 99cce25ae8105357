"""The details of thumbnails: what is taken off, and what is left."""

import numpy as np
import pytest
from PIL import Image

from headstart.features.thumbnail_spectra import PHOTOS_PER_SHARED, find_details

GENERATOR = np.random.default_rng(0)


def paint(n=1, side=12):
    """Paint pictures with details of all sizes."""
    small = GENERATOR.integers(0, 256, (n, side, side), np.uint8)
    return np.stack([Image.fromarray(one).resize((32, 32), Image.Resampling.BICUBIC) for one in small])


def add_noise(pictures, deviation):
    return (pictures + GENERATOR.normal(0, deviation, pictures.shape)).clip(0, 255).astype(np.uint8)


def test_they_have_length_1_and_the_components_a_part_of_it():
    details = find_details(paint(6))
    assert details.parts.shape == (4, 6, 256)
    assert (details.parts**2).sum((0, 2)) == pytest.approx(np.ones(6), abs=1e-4)
    assert (details.main**2).sum((0, 2)) + details.rest**2 == pytest.approx(np.ones(6), abs=1e-3)


def test_brightness_and_gradients_do_not_count():
    picture = paint()[0].astype(float)
    ramp = np.add.outer(np.arange(32), 2.0 * np.arange(32))
    both = np.stack([picture, picture * 0.5 + ramp + 20]).round().clip(0, 255).astype(np.uint8)
    parts = find_details(both).parts
    assert np.vdot(parts[:, 0], parts[:, 1]) > 0.99


def test_a_gradient_alone_and_a_plain_picture_are_flat():
    ramps = np.stack([np.add.outer(np.arange(32) * a, np.arange(32) * b) for a, b in ((1, 2), (3, 0), (0, 0))])
    details = find_details(ramps.astype(np.uint8))
    assert details.is_flat.all()
    assert not details.parts.any()


def test_what_many_photos_share_is_taken_off():
    part = paint()[0]
    photos = add_noise(np.stack([part] * 2 * PHOTOS_PER_SHARED), 1.0)
    scratched = photos[:2].copy()
    scratched[0, 5:25, 10] = scratched[1, 20, 5:25] = 0
    details = find_details(np.concatenate([scratched, photos]))
    assert not details.is_shared[:2].any()
    assert details.is_shared[2:].all()
    assert abs(np.vdot(details.parts[:, 0], details.parts[:, 1])) < 0.3


def test_a_few_photos_share_nothing_but_copies():
    details = find_details(add_noise(np.stack([paint()[0]] * 10), 1.0))
    assert not details.is_shared.any()
    assert np.vdot(details.parts[:, 0], details.parts[:, 1]) > 0.9


def test_stripes_have_few_dimensions():
    x = np.arange(32)
    stripes = np.broadcast_to(128 + 100 * np.sin(0.9 * x), (32, 32)).round().astype(np.uint8)
    dimensions = find_details(np.stack([stripes, *paint(2)])).dimensions
    assert dimensions[0] < 4
    assert dimensions[1:].min() > 20


def test_a_scene_of_fewer_than_half_of_the_photos_is_not_taken_off():
    few = find_details(np.concatenate([paint(60), add_noise(np.repeat(paint(), 40, 0), 1.0)]))
    assert not few.is_common.any()
    assert np.vdot(few.parts[:, 60], few.parts[:, 61]) > 0.9


def test_a_scene_of_most_photos_is_taken_off_and_told():
    most = find_details(np.concatenate([paint(40), add_noise(np.repeat(paint(), 60, 0), 1.0)]))
    assert most.is_common.tolist() == [False] * 40 + [True] * 60
    assert abs(np.vdot(most.parts[:, 60], most.parts[:, 61])) < 0.5


def test_two_series_in_one_set_are_left():
    series = [add_noise(np.repeat(paint(), 25, 0), 1.0) for _ in range(2)]
    details = find_details(np.concatenate([paint(100), *series]))
    assert np.vdot(details.parts[:, 100], details.parts[:, 101]) > 0.99
    assert np.vdot(details.parts[:, 125], details.parts[:, 126]) > 0.99


def test_a_series_is_left_among_photos_that_have_an_outline_in_common():
    leaves = (0.53 * paint() + 0.47 * paint(75)).astype(np.uint8)
    details = find_details(np.concatenate([leaves, add_noise(np.repeat(paint(), 25, 0), 1.0)]))
    assert not details.is_common.any()
    assert np.vdot(details.parts[:, 75], details.parts[:, 76]) > 0.9
    assert abs(np.vdot(details.parts[:, 0], details.parts[:, 1])) < 0.4
