"""The part above a cut gives the features of photos whose activations are known."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.features.activations import open_activations
from headstart.features.extraction import extract_features, make_feature_spec
from headstart.features.tail_features import CutActivations
from headstart.pixels.views import SYMMETRIES, View, ViewChoice

VIEWS = SYMMETRIES[:2]
SETUP = BackboneSetup(load_backbone(), 96, "f32")


@pytest.fixture
def photos(make_folder):
    return scan_photos(make_folder(n=4)).photos


def keep(photos, cut="block_12", views=VIEWS, **options):
    found = open_activations(photos, SETUP, cut=cut, views=views, cache=False, **options)
    return CutActivations(found, photos, views, cut)


def want(photos, views):
    return {(photo.digest, view) for photo in photos for view in views}


def test_features_are_those_of_the_whole_network(photos):
    found = keep(photos).compute_features(SETUP, want(photos, VIEWS))
    assert found.fits(make_feature_spec(SETUP))
    assert not found.fits(make_feature_spec(replace(SETUP, image_size=128)))
    assert found.find_problem(photos[0].digest) is None
    wanted = [(photo.digest, view.describe()) for view in VIEWS for photo in photos]
    rows = found.get_many([*wanted, ("another photo", VIEWS[0].describe())])
    assert sorted(rows) == list(range(len(wanted)))
    views = [view for view in VIEWS for _ in photos]
    expected = extract_features([*photos, *photos], SETUP, views=views).matrix
    np.testing.assert_allclose(np.stack([rows[n] for n in range(len(wanted))]), expected, rtol=1e-5, atol=1e-5)


def test_views_without_activations_are_left_out(photos):
    turned = View(turns=0.1)
    found = keep(photos).compute_features(SETUP, want(photos, (VIEWS[1], turned)))
    assert {view for _, view in found.rows} == {VIEWS[1].describe()}
    assert len(found.matrix) == len(photos)


def test_a_choice_gives_each_photo_the_features_of_its_own_view(photos):
    choice = ViewChoice(SYMMETRIES[1:4])
    chosen = [choice.choose(photo.digest) for photo in photos]
    assert len(set(chosen)) > 1
    found = keep(photos, views=(VIEWS[0], choice)).compute_features(SETUP, want(photos, SYMMETRIES[1:4]))
    wanted = [(photo.digest, view.describe()) for photo, view in zip(photos, chosen, strict=True)]
    assert set(found.rows) == set(wanted)
    rows = found.get_many(wanted)
    expected = extract_features(photos, SETUP, views=chosen).matrix
    np.testing.assert_allclose(np.stack([rows[n] for n in range(len(wanted))]), expected, rtol=1e-5, atol=1e-5)


def test_pixels_and_rounded_activations_give_no_features(photos):
    assert keep(photos, "pixels").compute_features(SETUP, want(photos, VIEWS)) is None
    assert keep(photos, limit_bytes=150_000).compute_features(SETUP, want(photos, VIEWS)) is None


def test_progress_counts_photos_times_views(photos):
    told = []
    keep(photos).compute_features(SETUP, want(photos, VIEWS), lambda *numbers: told.append(numbers))
    assert told == [(n, 16) for n in range(1, 17)]
