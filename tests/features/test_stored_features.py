"""Stored features are found by photo and view, and used instead of computing them."""

import shutil

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.manifest import Manifest
from headstart.catalog.scan import scan_photos
from headstart.catalog.source import find_source
from headstart.errors import CacheError
from headstart.features import output_folder
from headstart.features.block_embedding import make_embedding_settings
from headstart.features.extraction import extract_features, make_feature_spec
from headstart.features.folder_embedding import embed_into_folder
from headstart.features.stored_features import (
    LOCK,
    StoredFeatures,
    clear_stored_features,
    forget_stored_features,
    measure_stored_features,
)
from headstart.pixels.views import AS_IT_IS, View
from headstart.storage.file_locks import release_lock, try_lock
from headstart.storage.local_files import find_cache_folder

pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def stored(paint_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedded")
    photos = paint_folder(folder / "photos", n=4)
    settings = make_embedding_settings(BackboneSetup(load_backbone(), 96, "f32"))
    embed_into_folder(find_source(photos), folder / "features.parquet", settings, verbose=False)
    return scan_photos(photos), StoredFeatures(folder / "features.parquet")


def test_features_are_found_by_photo_and_view(stored):
    catalog, features = stored
    digests = [photo.digest for photo in catalog.photos]
    wanted = [(digests[1], AS_IT_IS.describe()), ("ff" * 32, AS_IT_IS.describe()), (digests[0], "other")]
    found = features.get_many(wanted)
    assert list(found) == [0]


def test_extraction_uses_stored_features_and_computes_the_others(stored, monkeypatch):
    catalog, features = stored
    plain = extract_features(catalog.photos, BackboneSetup(load_backbone(), 96, "f32"))
    mirrored = [View(is_flipped=n == 0) for n in range(len(catalog.photos))]
    some = extract_features(catalog.photos, BackboneSetup(load_backbone(), 96, "f32"), views=mirrored, stored=features)
    assert (some.n_extracted, some.n_cached) == (1, len(catalog.photos) - 1)
    np.testing.assert_array_equal(some.matrix[1:], plain.matrix[1:])
    monkeypatch.setattr(BackboneSetup, "open_engine", None)
    taken = extract_features(catalog.photos, BackboneSetup(load_backbone(), 96, "f32"), stored=features)
    np.testing.assert_array_equal(taken.matrix, plain.matrix)


def test_features_of_another_image_size_do_not_fit(stored):
    catalog, features = stored
    assert features.fits(make_feature_spec(BackboneSetup(load_backbone(), 96, "f32")))
    assert not features.fits(make_feature_spec(BackboneSetup(load_backbone(), 128, "f32")))
    other = extract_features(catalog.photos, BackboneSetup(load_backbone(), 128, "f32"), stored=features)
    assert other.n_extracted == len(catalog.photos)


def test_an_unfinished_embedding_is_refused(tmp_path):
    Manifest({}, "pets").write(tmp_path)
    with pytest.raises(CacheError, match="got an unfinished embedding"):
        StoredFeatures(tmp_path)


def test_features_computed_by_a_cluster_are_measured_and_deleted():
    folder = find_cache_folder() / "embedded-1" / "x"
    folder.mkdir(parents=True)
    (folder / "part").write_bytes(b"12345")
    assert measure_stored_features() >= 5
    clear_stored_features()
    assert measure_stored_features() == 0


@pytest.fixture
def cached(stored, tmp_path, monkeypatch):
    """An embedding in the cache, and the digests of its photos."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    catalog, features = stored
    return shutil.copytree(features.folder, tmp_path / "embedded-1" / "x"), [p.digest for p in catalog.photos]


def test_an_embedding_with_a_forgotten_photo_is_deleted(cached):
    folder, digests = cached
    assert forget_stored_features(["ff" * 32]).n_items == 0
    StoredFeatures(folder)  # it is whole
    removal = forget_stored_features([digests[2], "ff" * 32])
    assert removal.n_items >= 2
    assert removal.problems == []
    assert not folder.exists()


@pytest.mark.parametrize("name", ["part-0.parquet", "note.txt"])
def test_an_embedding_with_a_file_that_cannot_be_read_is_deleted(cached, name):
    folder, _ = cached
    (folder / name).write_bytes(b"PAR1 is not all")
    forget_stored_features(["ff" * 32])
    assert not folder.exists()


def test_an_embedding_that_is_being_written_is_a_problem_and_stays(cached):
    pytest.importorskip("fcntl")
    folder, digests = cached
    lock = try_lock(folder / LOCK)
    (problem,) = forget_stored_features(digests).problems
    release_lock(lock, folder / LOCK)
    assert problem.startswith("an embedding is being written (process ")
    StoredFeatures(folder)
    assert LOCK == output_folder.LOCK
