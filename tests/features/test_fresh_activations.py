"""The activations that the first extraction keeps are those that training above the cut would compute."""

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.features.activations import open_activations
from headstart.features.extraction import extract_features
from headstart.features.fresh_activations import allocate_activations
from headstart.features.tail_features import CutActivations
from headstart.pixels.views import AS_IT_IS, SYMMETRIES, ViewChoice

VIEWS = (AS_IT_IS, ViewChoice(SYMMETRIES[1:4]))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def photos(make_folder):
    return scan_photos(make_folder(n=5)).photos


@pytest.fixture
def setup():
    return BackboneSetup(load_backbone(), 96, "f32")


def keep(photos, setup):
    kept = allocate_activations(photos, setup, "block_12")
    return kept, extract_features(photos, setup, collector=kept)


def test_the_features_beside_them_are_the_same(photos, setup):
    _, features = keep(photos, setup)
    np.testing.assert_array_equal(features.matrix, extract_features(photos, setup).matrix)


def test_training_above_the_cut_computes_only_the_other_views(photos, setup):
    kept, _ = keep(photos[:8], setup)
    options = {"cut": "block_12", "views": VIEWS, "cache": False}
    found = open_activations(photos, setup, fresh=kept, **options)
    alone = open_activations(photos, setup, **options)
    assert (found.n_computed, alone.n_computed) == (12, 20)
    np.testing.assert_array_equal(found.array, alone.array)


def test_the_same_activations_have_the_same_file(photos, setup):
    kept, _ = keep(photos, setup)
    first = open_activations(photos, setup, cut="block_12", views=VIEWS, fresh=kept)
    again = open_activations(photos, setup, cut="block_12", views=VIEWS)
    assert (first.n_computed, again.n_computed) == (10, 0)
    np.testing.assert_array_equal(first.array, again.array)


def test_photos_that_were_not_trained_on_are_judged_from_them(photos, setup):
    kept, features = keep(photos, setup)
    trained = photos[:4]
    activations = open_activations(trained, setup, cut="block_12", views=VIEWS, cache=False)
    wanted = {(photo.digest, AS_IT_IS) for photo in photos}
    found = CutActivations(activations, trained, VIEWS, "block_12", kept).compute_features(setup, wanted)
    rows = found.get_many([(photo.digest, AS_IT_IS.describe()) for photo in photos])
    np.testing.assert_allclose([rows[n] for n in range(len(photos))], features.matrix, rtol=1e-5, atol=1e-5)


def test_they_fit_no_other_cut_size_or_network(photos, setup):
    kept = allocate_activations(photos, setup, "block_12")
    assert kept.fits(setup, "block_12")
    assert not kept.fits(setup, "block_9")
    assert not kept.fits(BackboneSetup(load_backbone(), 128, "f32"), "block_12")
