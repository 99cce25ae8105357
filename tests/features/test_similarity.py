"""Photos are compared with the statistics in the network's batch norms."""

from dataclasses import replace

import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.errors import CatalogError
from headstart.features import similarity
from headstart.features.similarity import Similarity, measure_similarity
from headstart.pixels.decode import read_photo


def test_painted_stripes_are_not_similar_to_imagenet(make_folder):
    photos = scan_photos(make_folder(n=6)).photos
    found = measure_similarity(photos, load_backbone())
    assert found.n_photos == 12
    assert 0 < found.value < 0.5
    assert not found.is_similar
    assert measure_similarity(photos[::-1], load_backbone()) == found


def test_photos_are_compared_at_the_size_of_the_pretraining(make_folder, monkeypatch):
    sizes = []

    def read(path, size_px, digest, depth):
        sizes.append(size_px)
        return read_photo(path, size_px, digest, depth=depth)

    monkeypatch.setattr(similarity, "read_photo", read)
    photos, backbone = scan_photos(make_folder(n=2)).photos, load_backbone()
    measure_similarity(photos, backbone)
    measure_similarity(photos, replace(backbone, spec=replace(backbone.spec, image_size=96)))
    assert sizes == [backbone.spec.image_size] * 4 + [96] * 4


def test_real_photos_of_animals_are_similar_to_imagenet(real_photos):
    photos = scan_photos(real_photos / "ants-bees").photos[:40]
    assert measure_similarity(photos, load_backbone()).is_similar


def test_photos_that_cannot_be_decoded_are_an_error(make_folder):
    photos = scan_photos(make_folder(n=4)).photos[:1]
    photos[0].path.write_bytes(b"")
    with pytest.raises(CatalogError, match="got none of 1 that can be decoded"):
        measure_similarity(photos, load_backbone())


def test_the_lowest_similar_value_is_included():
    assert Similarity(0.65, 0.1, 5).is_similar
