"""Thumbnails are made once: while photos are decoded, or else by decoding, and then cached."""

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.features.extraction import extract_features
from headstart.features.feature_cache import FeatureCache
from headstart.features.thumbnails import SIDE_PX, ThumbnailCollector
from headstart.pixels.decode import read_photo
from headstart.pixels.resizing import shrink_to_grey


@pytest.fixture
def setup():
    return BackboneSetup(load_backbone(), 96)


@pytest.fixture
def photos(make_folder):
    return scan_photos(make_folder(n=4), cache=False).photos


def test_the_extraction_makes_them(setup, photos):
    collector = ThumbnailCollector(setup, None)
    extract_features(photos, setup, watch=collector.add)
    assert collector.decoded == {photo.digest for photo in photos}
    found = collector.collect(photos)
    first = photos[0]
    assert found[first.digest].shape == (SIDE_PX, SIDE_PX)
    assert (found[first.digest] == shrink_to_grey(read_photo(first.path, 96), SIDE_PX)).all()


def test_photos_that_were_not_decoded_are_decoded_for_them(setup, photos):
    watched, alone = ThumbnailCollector(setup, None), ThumbnailCollector(setup, None)
    extract_features(photos, setup, watch=watched.add)
    told = []
    found = alone.collect(photos, lambda n_done, n: told.append((n_done, n)))
    assert told[-1] == (len(photos), len(photos))
    assert not alone.decoded
    for digest, thumbnail in watched.collect(photos).items():
        assert (found[digest] == thumbnail).all()


def test_they_are_cached(setup, photos, tmp_path, monkeypatch):
    with FeatureCache(tmp_path / "cache") as cache:
        before = ThumbnailCollector(setup, cache).collect(photos)
        assert cache.count() == 0  # of features
        monkeypatch.setattr("headstart.features.decoded_rows.read_photo", None)
        after = ThumbnailCollector(setup, cache).collect(photos)
    assert list(before) == list(after)
    assert all((before[digest] == after[digest]).all() for digest in before)


def test_another_image_size_has_other_thumbnails(setup, photos, tmp_path):
    with FeatureCache(tmp_path / "cache") as cache:
        small = ThumbnailCollector(setup, cache).collect(photos)
        large = ThumbnailCollector(BackboneSetup(setup.backbone, 160), cache).collect(photos)
    assert any((small[digest] != large[digest]).any() for digest in small)


def test_a_photo_that_cannot_be_decoded_has_none(setup, photos):
    photos[0].path.write_bytes(b"no photo")
    found = ThumbnailCollector(setup, None).collect(photos)
    assert set(found) == {photo.digest for photo in photos[1:]}


def test_grey_is_the_mean_of_each_box_by_the_weights_of_luma():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, 2:4] = (255, 0, 0)
    pixels[:, 4] = 200
    small = shrink_to_grey(pixels, 32)
    assert small[0, :4].tolist() == [0, 77, 100, 0]
