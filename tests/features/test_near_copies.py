"""Which photos are near copies: by thumbnails alone, or by thumbnails and features."""

import numpy as np
import pytest
from PIL import Image

from headstart.features import near_copies
from headstart.features.near_copies import ALIKE, compare_photos, find_near_copies
from headstart.features.thumbnail_pairs import ThumbnailPairs
from headstart.features.thumbnail_spectra import find_details

GENERATOR = np.random.default_rng(0)
N = 20
DIGESTS = [f"{n:064x}" for n in range(N)]


def paint(n=N):
    return np.kron(GENERATOR.integers(0, 256, (n, 16, 16)), np.ones((2, 2))).astype(np.uint8)


def add_noise(picture, deviation):
    return (picture + GENERATOR.normal(0, deviation, picture.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture
def features():
    return GENERATOR.normal(size=(N, 64)).astype(np.float32)


def test_a_thumbnail_that_is_nearly_equal_is_enough(features):
    pictures = paint()
    pictures[7] = add_noise(pictures[3], 5)
    (pair,) = find_near_copies(DIGESTS, find_details(pictures), features)
    assert (pair.first, pair.second) == (DIGESTS[3], DIGESTS[7])
    assert 0.9 <= pair.correlation <= 1
    assert abs(pair.cosine) < ALIKE
    assert [one.correlation for one in find_near_copies(DIGESTS, find_details(pictures), None)] == [pair.correlation]


def test_a_similar_thumbnail_needs_features_that_agree(features):
    pictures = paint()
    pictures[7] = add_noise(pictures[3], 45)
    assert find_near_copies(DIGESTS, find_details(pictures), features) == []
    features[7] = features[3] + 0.1
    (pair,) = find_near_copies(DIGESTS, find_details(pictures), features)
    assert 0.55 <= pair.correlation < 0.9
    assert pair.cosine >= ALIKE
    assert find_near_copies(DIGESTS, find_details(pictures), None) == []


def test_other_pictures_and_plain_ones_are_no_copies(features):
    pictures = paint()
    pictures[4] = pictures[5] = 255
    pictures[6] = add_noise(pictures[5], 1)
    features[4] = features[5] = features[6]
    assert find_near_copies(DIGESTS, find_details(pictures), features) == []


def test_features_that_never_differ_do_not_count(features):
    pictures = paint()
    pictures[7] = add_noise(pictures[3], 45)
    features[:, :32] = 1.0
    features[7] = features[3] + 0.1
    features[:, :32] = 1.0
    (pair,) = find_near_copies(DIGESTS, find_details(pictures), features)
    assert np.isfinite(pair.cosine)


def test_stripes_of_one_width_are_no_copies(features):
    x = np.arange(32)
    pictures = paint()
    for n in range(4):
        pictures[n] = np.broadcast_to(128 + 100 * np.sin(0.9 * x + 0.05 * n), (32, 32))
    features[:4] = features[0] + 0.1 * features[:4]
    assert find_near_copies(DIGESTS, find_details(pictures), features) == []


def take_again(picture):
    """Change a thumbnail as much as saving the photo again does."""
    return (picture + GENERATOR.normal(0, 0.5, picture.shape)).round().clip(0, 255).astype(np.uint8)


def test_a_copy_of_stripes_is_found(features):
    x = np.arange(32)
    pictures = paint()
    for n in range(4):
        pictures[n] = np.broadcast_to(128 + 100 * np.sin((0.9 + 0.02 * n) * x + 0.3 * n), (32, 32))
    pictures[7] = take_again(np.fliplr(pictures[2]))
    (pair,) = find_near_copies(DIGESTS, find_details(pictures), features)
    assert (pair.first, pair.second) == (DIGESTS[2], DIGESTS[7])


def paint_one_part(n):
    """Paint one part at many places, as a camera above a belt sees it."""
    small = GENERATOR.integers(0, 256, (9, 9), np.uint8)
    part = Image.fromarray(small).resize((128, 128), Image.Resampling.BICUBIC)
    corners = GENERATOR.uniform(0, 40, (n, 2))
    boxes = [(left, top, left + 88, top + 88) for left, top in corners]
    return np.stack([np.asarray(part.resize((32, 32), Image.Resampling.BOX, box=box)) for box in boxes])


@pytest.mark.parametrize(("n_others", "has_features"), [(0, True), (0, False), (60, True)])
def test_a_copy_among_photos_of_one_part_at_many_places_is_found_and_hardly_any_look_alike(
    n_others, has_features, monkeypatch
):
    n = 90 + n_others
    pictures = np.concatenate([paint_one_part(90), paint(n_others)])
    pictures[50] = take_again(pictures[3])
    rows = GENERATOR.normal(size=(n, 64)).astype(np.float32)
    rows[:90] += 2 * GENERATOR.normal(size=64)  # alike, if there are others
    digests, details = [f"{n:064x}" for n in range(n)], find_details(pictures)
    pairs = find_near_copies(digests, details, rows if has_features else None)
    assert (int(pairs[0].first, 16), int(pairs[0].second, 16)) == (3, 50)
    assert len(pairs) <= 5
    monkeypatch.setattr("headstart.features.near_copies.measure_limits", lambda *_: 0)
    assert len(find_near_copies(digests, details, rows if has_features else None)) > 20


def test_a_strong_pair_of_look_alikes_counts_if_no_third_photo_comes_near():
    first, second = np.array([0, 2, 4, 4, 6, 8]), np.array([1, 3, 5, 9, 7, 10])
    correlation = np.array([0.98, 0.95, 0.98, 0.9, 0.98, 0.7], np.float32)
    pairs = ThumbnailPairs(first, second, correlation, np.zeros(6, np.float32))
    limits = np.array([0.8] * 6 + [0.99, 0.8] + [0] * 3, np.float32)
    exceeds = near_copies._exceed_look_alikes(pairs, limits, correlation >= 0.9)
    assert exceeds.tolist() == [True, False, False, False, False, True]


def test_one_part_in_a_holder_is_no_copy_of_the_next_part():
    n, generator = 120, np.random.default_rng(0)
    part = generator.integers(0, 256, (16, 16)).repeat(2, 0).repeat(2, 1)
    pictures = (part + generator.normal(0, 1, (n, 32, 32))).clip(0, 255).astype(np.uint8)
    for number in range(9):  # each with a hole at another place, also if it is mirrored
        y, x = 1 + 5 * (number // 3), 1 + 5 * (number % 3)
        pictures[number, y : y + 4, x : x + 4] = 0
    pictures[17] = pictures[0]
    (pair,) = find_near_copies([f"{n:064x}" for n in range(n)], find_details(pictures), None)
    assert (int(pair.first, 16), int(pair.second, 16)) == (0, 17)


def test_of_parts_in_a_holder_faint_details_are_no_evidence(monkeypatch):
    n, generator = 120, np.random.default_rng(0)
    part = generator.integers(50, 206, (16, 16)).repeat(2, 0).repeat(2, 1)
    pictures = part + generator.normal(0, 1, (n, 32, 32))
    pictures[:60] += generator.normal(0, 3.5, (15, 32, 32)).repeat(4, 0)  # four parts of each mould are alike
    pictures[60:76] += generator.normal(0, 10, (8, 32, 32)).repeat(2, 0)  # eight parts, each photographed twice
    digests, details = [f"{n:064x}" for n in range(n)], find_details(pictures.clip(0, 255).astype(np.uint8))
    assert details.is_common.mean() > 0.8
    pairs = find_near_copies(digests, details, None)
    twice = {(digests[at], digests[at + 1]) for at in range(60, 76, 2)}
    assert len(pairs) >= 6  # the strongest are taken for what all parts share
    assert {(pair.first, pair.second) for pair in pairs} <= twice
    monkeypatch.setattr(near_copies, "OWN_LEVELS", 0.0)
    assert len(find_near_copies(digests, details, None)) > 60


def test_of_very_many_pairs_the_strongest_are_kept(monkeypatch):
    monkeypatch.setattr("headstart.features.near_copies.MAX_PER_BLOCK", 10)
    pictures = np.stack([add_noise(paint(1)[0], 3) for _ in range(2)] * 10)
    pairs = find_near_copies(DIGESTS, find_details(pictures), None)
    assert len(pairs) == 10


def crop(picture):
    """Cut 29 of 32 pixels a side out of a picture, and enlarge them."""
    return np.asarray(Image.fromarray(picture).resize((32, 32), Image.Resampling.BICUBIC, box=(2, 1, 31, 30)))


def test_a_cropped_copy_is_found_if_the_features_agree(features):
    pictures = paint()
    pictures[7] = crop(pictures[3])
    assert find_near_copies(DIGESTS, find_details(pictures), features) == []
    features[7] = features[3] + 0.1
    (pair,) = find_near_copies(DIGESTS, find_details(pictures), features)
    assert (pair.first, pair.second, pair.kind) == (DIGESTS[3], DIGESTS[7], "crop")
    assert 0.55 <= pair.correlation <= 1
    assert find_near_copies(DIGESTS, find_details(pictures), None) == []


def test_a_pair_of_whole_pictures_is_listed_once(features):
    pictures = paint()
    pictures[7] = add_noise(pictures[3], 20)
    features[7] = features[3]
    (pair,) = find_near_copies(DIGESTS, find_details(pictures), features)
    assert pair.kind == "copy"


@pytest.mark.parametrize(("n_others", "n_frames"), [(75, 25), (130, 20), (340, 60), (60, 40)])
def test_a_long_series_of_one_scene_among_other_photos_is_found(n_others, n_frames):
    n = n_others + n_frames
    pictures = np.concatenate([paint(n_others), np.repeat(paint(1), n_frames, 0)])
    pictures[n_others:] = add_noise(pictures[n_others:], 2)
    pairs = find_near_copies([f"{n:064x}" for n in range(n)], find_details(pictures), None)
    assert len(pairs) == n_frames * (n_frames - 1) // 2
    assert all(int(pair.first, 16) >= n_others for pair in pairs)


@pytest.fixture
def no_features(monkeypatch):
    """No cosine is high enough for a copy."""
    monkeypatch.setattr(near_copies, "ALIKE", 2.0)
    monkeypatch.setattr(near_copies, "CLOSE", 2.0)


def test_a_pair_is_a_copy_or_a_look_alike(features, request):
    pictures = paint()
    pictures[7], pictures[9] = add_noise(pictures[3], 45), add_noise(pictures[3], 5)
    features[7] = features[3] + 0.1
    pairs, look_alikes = compare_photos(DIGESTS, find_details(pictures), features)
    assert (DIGESTS[3], DIGESTS[7]) in {(pair.first, pair.second) for pair in pairs}
    assert look_alikes == []
    request.getfixturevalue("no_features")
    pairs, look_alikes = compare_photos(DIGESTS, find_details(pictures), features)
    assert {(pair.first, pair.second) for pair in pairs} == {(DIGESTS[3], DIGESTS[9])}
    (pair,) = look_alikes
    assert (pair.first, pair.second, pair.kind) == (DIGESTS[3], DIGESTS[7], "lookalike")
    assert 0.55 <= pair.correlation < 0.9
    assert pair.cosine >= 0.7


@pytest.mark.usefixtures("no_features")
def test_only_the_strongest_look_alikes_are_kept(features, monkeypatch):
    pictures = paint()
    for n, noise in ((1, 40), (2, 45), (4, 50), (5, 42)):
        pictures[n] = add_noise(pictures[0], noise)
        features[n] = features[0] + 0.1
    every = compare_photos(DIGESTS, find_details(pictures), features).lookalikes
    assert len(every) > 2
    monkeypatch.setattr(near_copies, "MAX_LOOK_ALIKES", 2)
    assert compare_photos(DIGESTS, find_details(pictures), features).lookalikes == every[:2]
    assert compare_photos(DIGESTS, find_details(pictures), None).lookalikes == []
