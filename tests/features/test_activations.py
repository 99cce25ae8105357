"""Activations are computed once, kept within a limit, and never half there."""

import numpy as np
import pytest

from headstart.backbone.engine import Engine, plan_build
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.errors import BackboneError, CacheError, PhotoError
from headstart.features import activations
from headstart.features.activations import (
    FOLDER,
    clear_activations,
    measure_activations,
    open_activations,
)
from headstart.pixels.decode import read_photo
from headstart.pixels.views import SYMMETRIES, render_view

VIEWS = SYMMETRIES[:2]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / FOLDER


@pytest.fixture
def photos(make_folder):
    return scan_photos(make_folder(n=4)).photos


def compute(photos, **options):
    settings = {"cut": "block_12", "image_size": 96, "views": VIEWS, "precision": "f32"} | options
    return open_activations(photos, load_backbone(), **settings)


def test_they_are_the_stage_of_each_photo_in_each_view(photos):
    found = compute(photos)
    assert found.array.shape == (2, 8, 6, 6, 96)
    assert found.array.dtype == np.float16
    assert found.n_computed == 16
    build = plan_build(load_backbone().spec.weights_sha256, image_size=96, precision="f32", tensor="block_12_add")
    pixels = np.stack([render_view(read_photo(photo.path, 96), VIEWS[1]) for photo in photos])
    expected = Engine(load_backbone().weights, build).infer(pixels).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(found.array[1], expected, atol=2e-2)
    batch = found.take(np.array([1, 0]), np.array([3, 3]))
    np.testing.assert_array_equal(batch, found.array[[1, 0], [3, 3]])


def test_a_second_time_nothing_is_computed(photos):
    first = compute(photos)
    second = compute(photos)
    assert second.n_computed == 0
    np.testing.assert_array_equal(first.array, second.array)
    assert compute(photos, views=SYMMETRIES[:1]).n_computed == 8


def test_before_the_first_stage_photos_are_only_decoded(photos):
    found = compute(photos, cut="pixels", views=SYMMETRIES[:1])
    assert found.array.dtype == np.uint8
    np.testing.assert_array_equal(found.array[0, 0], read_photo(photos[0].path, 96))


def test_a_damaged_file_is_computed_again(photos, own_cache):
    compute(photos)
    (path,) = [path for path in own_cache.iterdir() if path.suffix != ".json"]
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert compute(photos).n_computed == 16


def test_more_than_the_limit_is_refused_with_advice(photos):
    with pytest.raises(CacheError, match=r"0\.0 GB for 8 photos in 2 views.*--cache-limit"):
        compute(photos, limit_bytes=1000)


def test_old_files_make_room_for_new_ones(photos, own_cache):
    n_bytes = compute(photos).array.nbytes
    compute(photos[:7], limit_bytes=n_bytes)
    assert len([path for path in own_cache.iterdir() if path.suffix != ".json"]) == 1
    assert measure_activations() < n_bytes
    clear_activations()
    assert measure_activations() == 0


def test_what_a_killed_process_left_is_removed(photos, own_cache):
    own_cache.mkdir(parents=True)
    left = own_cache / f"abc.partial-{activations.platform.node()}-999999999"
    left.write_bytes(b"1")
    compute(photos)
    assert not left.exists()


def test_a_photo_that_went_bad_is_named_and_nothing_is_kept(photos, own_cache):
    photos[2].path.write_bytes(b"")
    with pytest.raises(PhotoError, match=photos[2].path.name):
        compute(photos)
    assert list(own_cache.iterdir()) == []


def test_an_unknown_cut_is_named(photos):
    with pytest.raises(BackboneError, match=r"Cannot cut mobilenet_v2 at 'block12'.*Did you mean 'block_12'"):
        compute(photos, cut="block12")
