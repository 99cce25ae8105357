"""Features of an earlier step are used as they are, and counted as computed."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.features.extraction import extract_features, make_feature_spec
from headstart.features.fresh_features import FreshFeatures
from headstart.pixels.views import AS_IT_IS, View


@pytest.fixture
def setup():
    return BackboneSetup(load_backbone(), 96)


def test_no_photo_is_decoded_again(setup, make_folder, monkeypatch):
    photos = scan_photos(make_folder(n=4), cache=False).photos
    photos[0].path.write_bytes(b"no photo")
    before = extract_features(photos, setup)
    fresh = FreshFeatures(make_feature_spec(setup), photos, before, {photo.digest for photo in photos})
    monkeypatch.setattr("headstart.features.extraction.read_photo", None)
    after = extract_features(photos[::-1], setup, stored=fresh)
    assert np.array_equal(after.matrix, before.matrix[::-1], equal_nan=True)
    assert after.failures == {len(photos) - 1: before.failures[0]}
    assert fresh.count_computed(photos) == len(photos) - 1


def test_another_view_or_network_is_not_taken_from_them(setup, make_folder):
    photos = scan_photos(make_folder(n=2), cache=False).photos
    fresh = FreshFeatures(make_feature_spec(setup), photos, extract_features(photos, setup), ())
    digest = photos[0].digest
    mirrored = View(is_flipped=True).describe()
    assert list(fresh.get_many([(digest, mirrored), ("00", AS_IT_IS.describe()), (digest, AS_IT_IS.describe())])) == [2]
    assert fresh.fits(make_feature_spec(setup))
    assert not fresh.fits(make_feature_spec(BackboneSetup(setup.backbone, 160)))
    assert fresh.count_computed(photos) == 0


def test_a_damaged_photo_is_read_again(setup, make_folder):
    photos = scan_photos(make_folder(n=2), cache=False).photos
    damaged = photos[0].path.read_bytes()
    photos[0].path.write_bytes(damaged[: len(damaged) // 2] + b"\xff\xd9")
    photos = scan_photos(photos[0].path.parents[1], cache=False).photos
    features = extract_features(photos, setup)
    assert features.damaged
    n = next(iter(features.damaged))
    fresh = FreshFeatures(make_feature_spec(setup), photos, features, ())
    assert fresh.get_many([(photos[n].digest, AS_IT_IS.describe())]) == {}


def test_measures_are_given_by_digest(setup, make_folder):
    photos = scan_photos(make_folder(n=2), cache=False).photos
    features, spec = extract_features(photos, setup), make_feature_spec(setup)
    measures = np.arange(4 * len(photos), dtype=np.float32).reshape(len(photos), 4)
    fresh = FreshFeatures(spec, photos, features, (), measures)
    other = replace(photos[0], digest="00")
    found = fresh.get_measures([photos[1], other, photos[0]])
    assert np.array_equal(found, [measures[1], [np.nan] * 4, measures[0]], equal_nan=True)
    assert np.isnan(fresh.get_measures([other])).all()
    assert FreshFeatures(spec, photos, features, ()).get_measures(photos) is None
