"""Which photos are look-alikes, and what correlation they reach."""

import numpy as np
import pytest
from PIL import Image

from headstart.features.alike_features import AlikeFeatures
from headstart.features.look_alikes import measure_limits
from headstart.features.thumbnail_spectra import find_details

GENERATOR = np.random.default_rng(0)
NONE = (np.empty(0, int), np.empty(0, int))


def paint(n, side=14):
    small = GENERATOR.integers(0, 256, (n, side, side), np.uint8)
    return np.stack([Image.fromarray(one).resize((32, 32), Image.Resampling.BICUBIC) for one in small])


def paint_one_part(n, reach_px=20):
    """Paint one part at many places, as a camera above a belt sees it."""
    small = GENERATOR.integers(0, 256, (9, 9), np.uint8)
    part = Image.fromarray(small).resize((128, 128), Image.Resampling.BICUBIC)
    side = 128 - reach_px
    corners = GENERATOR.uniform(0, reach_px, (n, 2))
    boxes = [(left, top, left + side, top + side) for left, top in corners]
    return np.stack([np.asarray(part.resize((32, 32), Image.Resampling.BOX, box=box)) for box in boxes])


def make_features(*sizes):
    """Return features of kinds of photos, each alike in itself."""
    rows = [GENERATOR.normal(size=(n, 64)) + 2 * GENERATOR.normal(size=64) for n in sizes]
    return AlikeFeatures(np.concatenate(rows).astype(np.float32))


def link_all(numbers):
    first, second = np.triu_indices(len(numbers), 1)
    return numbers[first], numbers[second]


def test_other_photos_are_no_look_alikes():
    assert measure_limits(find_details(paint(120)), None, NONE, np.arange(5)).tolist() == [0] * 5


def test_one_part_at_many_places_looks_alike_with_and_without_features():
    details = find_details(paint_one_part(90))
    for alike in (None, make_features(90)):
        assert measure_limits(details, alike, NONE, np.arange(90)).min() > 0.8


def test_each_photo_has_the_limit_of_its_kind():
    details = find_details(np.concatenate([paint(150), paint_one_part(60)]))
    limits = measure_limits(details, make_features(150, 60), NONE, np.array([0, 60, 149, 150, 180, 209]))
    assert limits[:3].tolist() == [0] * 3
    assert limits[3:].min() > 0.8
    shuffled = measure_limits(details, make_features(150, 60), NONE, np.array([180, 0]))
    assert (shuffled > 0.8).tolist() == [True, False]


def test_frames_of_a_series_are_no_look_alikes_of_each_other():
    n_frames = 40
    details = find_details(np.concatenate([paint(120), paint_one_part(n_frames, 8)]))
    alike, frames = make_features(120, n_frames), np.arange(120, 120 + n_frames)
    assert measure_limits(details, alike, NONE, frames).min() > 0.8
    assert not measure_limits(details, alike, link_all(frames), frames).any()
    chain = (frames[:-1], frames[1:])  # linked to the same third photo
    star = (np.full(n_frames - 1, frames[0]), frames[1:])
    assert measure_limits(details, alike, chain, frames).min() > 0.8
    assert not measure_limits(details, alike, star, frames).any()


def test_few_photos_tell_nothing():
    assert measure_limits(find_details(paint_one_part(8)), None, NONE, np.arange(8)).tolist() == [0] * 8


def test_photos_without_details_do_not_count():
    plain = np.full((200, 32, 32), 200, np.uint8)
    details = find_details(np.concatenate([paint_one_part(90), plain]))
    assert measure_limits(details, None, NONE, np.arange(90)).min() > 0.8


def test_no_photos_have_no_limits():
    assert measure_limits(find_details(paint(60)), None, NONE, np.empty(0, int)).shape == (0,)


@pytest.mark.parametrize(("n", "share"), [(40, 0.4), (75, 0.5)])
def test_small_sets_on_one_background_are_no_look_alikes(n, share):
    background = paint(1)[0]
    pictures = (share * background + (1 - share) * paint(n)).astype(np.uint8)
    assert not measure_limits(find_details(pictures), None, NONE, np.arange(n)).any()
