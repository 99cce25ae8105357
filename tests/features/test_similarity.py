"""Photos are compared with what the network remembers."""

import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.errors import CatalogError
from headstart.features.similarity import Similarity, measure_similarity


def test_painted_stripes_are_not_like_imagenet(make_folder):
    photos = scan_photos(make_folder(n=6)).photos
    similarity = measure_similarity(photos, load_backbone(), image_size=96)
    assert similarity.n_photos == 12
    assert 0 < similarity.value < 0.5
    assert not similarity.is_similar
    assert measure_similarity(photos[::-1], load_backbone(), image_size=96) == similarity


def test_real_photos_of_animals_are(shared_data):
    photos = scan_photos(shared_data / "ants-bees").photos[:40]
    assert measure_similarity(photos, load_backbone(), image_size=224).is_similar


def test_nothing_to_compare_is_an_error(make_folder):
    photos = scan_photos(make_folder(n=4)).photos[:1]
    photos[0].path.write_bytes(b"")
    with pytest.raises(CatalogError, match="none of 1 can be decoded"):
        measure_similarity(photos, load_backbone(), image_size=96)


def test_the_line_is_inclusive():
    assert Similarity(0.65, 0.1, 5).is_similar
