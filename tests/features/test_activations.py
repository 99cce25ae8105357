"""Activations are computed once, stay within a limit, and are never incomplete."""

import shutil

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.engine.engine import Engine, plan_build
from headstart.engine.processor import choose_precision
from headstart.errors import BackboneError, CacheError, PhotoError
from headstart.features.activation_files import FOLDER, clear_activations, measure_activations
from headstart.features.activations import open_activations
from headstart.pixels.decode import read_photo
from headstart.pixels.views import SYMMETRIES, render_view
from headstart.storage.large_arrays import walk_rows

VIEWS = SYMMETRIES[:2]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / FOLDER


@pytest.fixture
def photos(make_folder):
    return scan_photos(make_folder(n=4)).photos


def compute(photos, *, precision="f32", cut="block_12", views=VIEWS, **options):
    return open_activations(photos, BackboneSetup(load_backbone(), 96, precision), cut=cut, views=views, **options)


def test_activations_are_the_output_of_the_stage_for_each_photo_and_view(photos):
    found = compute(photos)
    assert found.array.shape == (2, 8, 6, 6, 96)
    assert found.array.dtype == np.float32
    assert found.n_computed == 16
    build = plan_build(load_backbone().spec.weights_sha256, image_size=96, precision="f32", tensor="block_12_add")
    pixels = np.stack([render_view(read_photo(photo.path, 96), VIEWS[1]) for photo in photos])
    expected = Engine(load_backbone().weights, build).infer(pixels).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(found.array[1], expected, rtol=1e-5, atol=1e-5)
    batch = found.take(np.array([1, 0]), np.array([3, 3]))
    np.testing.assert_array_equal(batch, found.array[[1, 0], [3, 3]])


def test_activations_that_exceed_the_limit_in_float32_are_rounded_to_float16(photos):
    exact = compute(photos).array
    rounded = compute(photos, limit_bytes=exact.nbytes - 1).array
    assert rounded.dtype == np.float16
    np.testing.assert_array_equal(rounded, exact.astype(np.float16))


@pytest.mark.skipif(choose_precision() != "bf16", reason="this processor has no bf16")
def test_activations_of_a_network_in_bf16_are_those_that_it_goes_on_with(photos):
    found = compute(photos, precision="bf16").array
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.view(np.uint32) & 0xFFFF, 0)  # rounded to bf16


def test_each_photo_is_decoded_once_for_all_its_views(photos, monkeypatch):
    paths = []

    def read(path, *arguments, **options):
        paths.append(path)
        return read_photo(path, *arguments, **options)

    monkeypatch.setattr("headstart.features.activations.read_photo", read)
    compute(photos, views=SYMMETRIES[:4])
    assert sorted(paths) == sorted(photo.path for photo in photos)


def test_the_second_call_computes_nothing(photos):
    first = compute(photos)
    second = compute(photos)
    assert second.n_computed == 0
    np.testing.assert_array_equal(first.array, second.array)
    assert compute(photos, views=SYMMETRIES[:1]).n_computed == 8


def test_at_the_cut_pixels_photos_are_only_decoded(photos):
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


@pytest.mark.parametrize("cache", [True, False])
def test_more_than_the_limit_is_refused_with_advice(photos, cache):
    message = r"got 110\.6 kB for 8 photos in 2 views, need at most 1\.0 kB.*--cache-limit"
    with pytest.raises(CacheError, match=message):
        compute(photos, limit_bytes=1000, cache=cache)


@pytest.mark.parametrize("is_large", [True, False])
def test_without_the_cache_no_file_is_left(photos, own_cache, monkeypatch, is_large):
    kept = compute(photos)
    clear_activations()
    monkeypatch.setattr("headstart.storage.large_arrays.LARGE_BYTES", 1 if is_large else 1 << 30)
    found = compute(photos, cache=False)
    assert isinstance(found.array, np.memmap) == is_large
    np.testing.assert_array_equal(found.array, kept.array)
    assert list(own_cache.iterdir()) == []
    assert list(own_cache.parent.rglob("tmp*")) == []
    assert compute(photos, cache=False).n_computed == 16


def test_a_full_disk_is_an_error_without_the_cache_too(photos, monkeypatch):
    monkeypatch.setattr("headstart.storage.large_arrays.LARGE_BYTES", 1)
    monkeypatch.setattr("os.posix_fallocate", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(CacheError, match="of activations: No space left"):
        compute(photos, cache=False)


def test_an_old_file_is_checked_once_and_a_new_one_never(photos, monkeypatch):
    n_read = []

    def count(X, *arguments):
        n_read.append(X.nbytes)
        return walk_rows(X, *arguments)

    monkeypatch.setattr("headstart.features.activation_files.walk_rows", count)
    n_bytes = compute(photos).array.nbytes
    assert sum(n_read) == 0
    compute(photos)
    assert sum(n_read) == n_bytes


def test_the_cache_may_be_cleared_during_a_training(photos, own_cache):
    left = []

    def clear(n_done, _):
        clear_activations()
        left.append(len(list(own_cache.iterdir())))

    first = compute(photos, progress=clear)
    assert set(left) == {1}
    second = compute(photos)
    assert second.n_computed == 0
    np.testing.assert_array_equal(first.array, second.array)


def test_a_deleted_file_stays_usable_to_the_end(photos, own_cache):
    expected = np.array(compute(photos, cache=False).array)
    found = compute(photos, progress=lambda *_: shutil.rmtree(own_cache, ignore_errors=True))
    np.testing.assert_array_equal(found.array, expected)
    found.release()
    np.testing.assert_array_equal(found.array, expected)
    assert compute(photos).n_computed == 16


def test_old_files_are_deleted_for_new_ones(photos, own_cache):
    n_bytes = compute(photos).array.nbytes
    compute(photos[:7], limit_bytes=n_bytes)
    assert len([path for path in own_cache.iterdir() if path.suffix != ".json"]) == 1
    assert measure_activations() < n_bytes
    clear_activations()
    assert measure_activations() == 0


@pytest.mark.parametrize("cut", ["block_12", "pixels"])
def test_a_photo_that_changed_is_named_and_no_file_is_left(photos, own_cache, cut):
    photos[2].path.write_bytes(b"")
    with pytest.raises(PhotoError, match=rf"Cannot train on '.*{photos[2].path.name}' any more: was changed"):
        compute(photos, cut=cut)
    assert list(own_cache.iterdir()) == []


def test_an_unknown_cut_is_named(photos):
    with pytest.raises(BackboneError, match=r"Cannot cut mobilenet_v2 at 'block12'.*Did you mean 'block_12'"):
        compute(photos, cut="block12")
