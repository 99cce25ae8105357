"""Features that lie ready are found by photo and view, and taken instead of computing them."""

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.manifest import Manifest
from headstart.catalog.scan import scan_photos
from headstart.errors import CacheError
from headstart.features.extraction import extract_features, make_recipe
from headstart.features.stored_features import EmbeddedFeatures, clear_embedded, measure_embedded
from headstart.pixels.views import AS_IT_IS, View
from headstart.storage.local_files import find_cache_folder

pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def embedded(paint_folder, tmp_path_factory):
    from headstart.scale.embed import embed_photos

    folder = tmp_path_factory.mktemp("embedded")
    photos = paint_folder(folder / "photos", n=4)
    embed_photos(photos, folder / "features.parquet", image_size=96, precision="f32", verbose=False)
    return scan_photos(photos), EmbeddedFeatures(folder / "features.parquet")


def test_features_are_found_by_photo_and_view(embedded):
    catalog, features = embedded
    digests = [photo.digest for photo in catalog.photos]
    wanted = [(digests[1], AS_IT_IS.describe()), ("ff" * 32, AS_IT_IS.describe()), (digests[0], "other")]
    found = features.get_many(wanted)
    assert list(found) == [0]


def test_extraction_takes_them_and_computes_the_rest(embedded, monkeypatch):
    catalog, features = embedded
    plain = extract_features(catalog.photos, load_backbone(), image_size=96, precision="f32")
    mirrored = [View(is_flipped=n == 0) for n in range(len(catalog.photos))]
    some = extract_features(
        catalog.photos, load_backbone(), image_size=96, precision="f32", views=mirrored, embedded=features
    )
    assert (some.n_extracted, some.n_cached) == (1, len(catalog.photos) - 1)
    np.testing.assert_array_equal(some.matrix[1:], plain.matrix[1:])
    monkeypatch.setattr("headstart.features.extraction.Engine", None)
    taken = extract_features(catalog.photos, load_backbone(), image_size=96, precision="f32", embedded=features)
    np.testing.assert_array_equal(taken.matrix, plain.matrix)


def test_those_of_another_size_do_not_fit(embedded):
    catalog, features = embedded
    assert features.fits(make_recipe(load_backbone(), 96, "f32"))
    assert not features.fits(make_recipe(load_backbone(), 128, "f32"))
    other = extract_features(catalog.photos, load_backbone(), image_size=128, precision="f32", embedded=features)
    assert other.n_extracted == len(catalog.photos)


def test_what_is_not_finished_is_refused(tmp_path):
    Manifest({}, "pets").write(tmp_path)
    with pytest.raises(CacheError, match="the embedding is not finished"):
        EmbeddedFeatures(tmp_path)


def test_what_a_cluster_computed_is_measured_and_deleted():
    folder = find_cache_folder() / "embedded-1" / "x"
    folder.mkdir(parents=True)
    (folder / "part").write_bytes(b"12345")
    assert measure_embedded() >= 5
    clear_embedded()
    assert measure_embedded() == 0
