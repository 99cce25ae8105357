"""Rows of any kind are made while photos are decoded, kept, and found again by content."""

import dataclasses

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.features.decoded_rows import RowCollector, RowKind
from headstart.features.extraction import extract_features
from headstart.features.feature_cache import FeatureCache

MEANS = RowKind(
    "mean", table="measures", rules=1, make=lambda pixels: pixels.mean(axis=(0, 1)), shape=(3,), dtype="<f4"
)


@pytest.fixture
def setup():
    return BackboneSetup(load_backbone(), 96)


@pytest.fixture
def photos(make_folder):
    return scan_photos(make_folder(n=3), cache=False).photos


def test_kept_rows_are_not_made_again(setup, photos, tmp_path, monkeypatch):
    with FeatureCache(tmp_path / "cache") as cache:
        collector = RowCollector(MEANS, setup, cache)
        extract_features(photos, setup, watch=collector.add)
        made = collector.collect_known(photos)
        monkeypatch.setattr("headstart.features.decoded_rows.read_photo", None)
        found = RowCollector(MEANS, setup, cache).collect(photos)
        assert RowCollector(MEANS, setup, cache).collect_known(photos[:1]).keys() == {photos[0].digest}
    assert list(found) == [photo.digest for photo in photos]
    assert all(np.array_equal(found[digest], made[digest].astype(np.float32)) for digest in made)


def test_rows_that_nobody_made_are_not_known(setup, photos, tmp_path):
    with FeatureCache(tmp_path / "cache") as cache:
        assert RowCollector(MEANS, setup, cache).collect_known(photos) == {}
    assert RowCollector(MEANS, setup, None).collect_known(photos) == {}


@pytest.mark.parametrize("change", [{"name": "other"}, {"rules": 2}, {"shape": (4,)}])
def test_rows_of_another_kind_are_not_used(setup, photos, tmp_path, change):
    other = dataclasses.replace(MEANS, **change)
    with FeatureCache(tmp_path / "cache") as cache:
        RowCollector(MEANS, setup, cache).collect(photos)
        told = []
        RowCollector(other, setup, cache).collect(photos, lambda *done: told.append(done))
    assert told[-1] == (len(photos), len(photos))
