"""Cached features equal fresh ones bit for bit, failures are named, and the order is kept."""

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.errors import BackboneError
from headstart.features import cached_rows
from headstart.features import extraction as extract_module
from headstart.features.extraction import extract_features, make_feature_spec
from headstart.features.feature_cache import FeatureCache
from headstart.pixels.views import View

BACKBONE = load_backbone()


@dataclass(frozen=True)
class File:
    path: Path
    digest: str


@pytest.fixture
def files(make_folder):
    paths = sorted(make_folder(n=6).rglob("*.jpg"))
    return [File(path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]


def extract(files, cache=None, *, image_size=96, precision="auto", **options):
    return extract_features(files, BackboneSetup(BACKBONE, image_size, precision), feature_cache=cache, **options)


def test_cached_features_equal_fresh_ones_bit_for_bit(files, tmp_path):
    fresh = extract(files)
    with FeatureCache(tmp_path / "cache") as cache:
        first = extract(files, cache)
        again = extract(files, cache)
    assert (first.n_extracted, first.n_cached) == (12, 0)
    assert (again.n_extracted, again.n_cached) == (0, 12)
    np.testing.assert_array_equal(first.matrix, fresh.matrix)
    np.testing.assert_array_equal(again.matrix, fresh.matrix)


def test_the_cache_is_read_in_chunks(files, tmp_path, monkeypatch):
    asked = []

    class CountingCache(FeatureCache):
        def get_many(self, keys):
            asked.append(len(keys))
            return super().get_many(keys)

    monkeypatch.setattr(cached_rows, "ROWS_AT_ONCE", 5)
    with CountingCache(tmp_path / "cache") as cache:
        first = extract(files[:7], cache)
        asked.clear()
        again = extract(files, cache)
    assert asked == [5, 5, 2, 5, 5]  # the five missing ones also as parts of wider features of two kinds
    assert again.n_cached == 7
    np.testing.assert_array_equal(again.matrix[:7], first.matrix)
    assert np.isfinite(again.matrix).all()


def test_the_cache_depends_on_content_not_on_paths(files, tmp_path):
    with FeatureCache(tmp_path / "cache") as cache:
        extract(files, cache)
        moved = tmp_path / "moved.jpg"
        moved.write_bytes(files[0].path.read_bytes())
        assert extract([File(moved, files[0].digest)], cache).n_cached == 1


def test_sizes_precisions_and_views_do_not_share_rows(files, tmp_path):
    with FeatureCache(tmp_path / "cache") as cache:
        extract(files, cache, precision="f32")
        assert extract(files, cache, image_size=128, precision="f32").n_cached == 0
        assert extract(files, cache, precision="f32", views=[View(True)] * 12).n_cached == 0
        assert extract(files, cache, precision="f32").n_cached == 12


def test_views_change_the_features_of_their_row_only(files):
    plain = extract(files[:2])
    viewed = extract([files[0], files[1]], views=[View(), View(True, 0.1)])
    np.testing.assert_array_equal(plain.matrix[0], viewed.matrix[0])
    assert np.abs(plain.matrix[1] - viewed.matrix[1]).max() > 0.01


def test_a_broken_photo_is_named_and_its_row_is_nan(files, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(files[0].path.read_bytes()[:300])
    rows = [files[0], File(broken, hashlib.sha256(broken.read_bytes()).hexdigest()), files[1]]
    with FeatureCache(tmp_path / "cache") as cache:
        features = extract(rows, cache)
        assert cache.count() == 2
    assert list(features.failures) == [1]
    assert "cannot be decoded" in features.failures[1]
    assert np.isnan(features.matrix[1]).all()
    assert np.isfinite(features.matrix[[0, 2]]).all()
    assert features.n_extracted == 2


def test_copies_are_computed_once(files, tmp_path, monkeypatch):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(files[0].path.read_bytes()[:300])
    bad = File(broken, hashlib.sha256(broken.read_bytes()).hexdigest())
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(files[0].path.read_bytes())
    rows = [files[0], bad, File(copy, files[0].digest), files[1], bad]
    read = []

    def note(path, *rest, ask=extract_module.read_photo, **options):
        read.append(path)
        return ask(path, *rest, **options)

    monkeypatch.setattr(extract_module, "read_photo", note)
    features = extract(rows)
    assert sorted(read) == sorted([files[0].path, broken, broken, files[1].path])
    np.testing.assert_array_equal(features.matrix[2], features.matrix[0])
    assert sorted(features.failures) == [1, 4]
    assert np.isnan(features.matrix[[1, 4]]).all()
    assert (features.n_extracted, features.n_cached) == (3, 0)


def test_a_missing_file_fails_although_a_copy_can_be_read(files, tmp_path):
    copies = [tmp_path / f"{n}.jpg" for n in range(3)]
    for path in copies:
        path.write_bytes(files[0].path.read_bytes())
    copies[0].unlink()
    seen = []
    rows = [File(path, files[0].digest) for path in copies]
    features = extract(rows, progress=lambda done, total: seen.append((done, total)))
    assert list(features.failures) == [0]
    np.testing.assert_array_equal(features.matrix[1:], extract([files[0]] * 2).matrix)
    assert seen[-1] == (3, 3)


def test_progress_ends_at_the_total(files, tmp_path):
    seen = []
    with FeatureCache(tmp_path / "cache") as cache:
        extract(files[:4], cache)
        extract(files, cache, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (5, 12)
    assert seen[-1] == (12, 12)


def test_an_interrupted_run_keeps_its_features(files, tmp_path):
    def stop(n_done, _):
        if n_done == 9:
            raise KeyboardInterrupt

    with FeatureCache(tmp_path / "cache") as cache:
        with pytest.raises(KeyboardInterrupt):
            extract(files, cache, progress=stop)
        assert cache.count() >= 8
        assert extract(files, cache).n_cached >= 8


def test_the_spec_names_engine_and_decoder(files):
    spec = make_feature_spec(BackboneSetup(BACKBONE, 160, "f32"))
    assert spec.precision == "f32"
    assert spec.engine.startswith("openvino 20")
    assert platform.machine() in spec.engine
    assert "FP32" in spec.engine
    assert "simplejpeg" in spec.decoder
    with pytest.raises(BackboneError, match="96 to 512"):
        make_feature_spec(BackboneSetup(BACKBONE, 20, "f32"))


def test_a_damaged_photo_is_reported_each_time_and_not_cached(files, tmp_path):
    data = files[2].path.read_bytes()
    files[2].path.write_bytes(data[: len(data) * 2 // 3] + bytes(60) + data[len(data) * 2 // 3 + 60 :])
    files[2] = File(files[2].path, hashlib.sha256(files[2].path.read_bytes()).hexdigest())
    with FeatureCache(tmp_path / "cache") as cache:
        for n_cached in (0, 11):
            features = extract(files, cache)
            assert list(features.damaged) == [2]
            assert features.damaged[2].startswith("Corrupt JPEG data")
            assert (features.failures, features.n_cached) == ({}, n_cached)
            assert np.isfinite(features.matrix).all()
