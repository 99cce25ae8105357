"""Photos are compared with what the network remembers."""

from dataclasses import replace

import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.errors import CatalogError
from headstart.features import similarity
from headstart.features.similarity import Similarity, measure_similarity
from headstart.pixels.decode import read_photo


def test_painted_stripes_are_not_like_imagenet(make_folder):
    photos = scan_photos(make_folder(n=6)).photos
    found = measure_similarity(photos, load_backbone())
    assert found.n_photos == 12
    assert 0 < found.value < 0.5
    assert not found.is_similar
    assert measure_similarity(photos[::-1], load_backbone()) == found


def test_they_are_compared_at_the_size_that_the_network_learned_at(make_folder, monkeypatch):
    sizes = []

    def read(path, size_px, digest):
        sizes.append(size_px)
        return read_photo(path, size_px, digest)

    monkeypatch.setattr(similarity, "read_photo", read)
    photos, backbone = scan_photos(make_folder(n=2)).photos, load_backbone()
    measure_similarity(photos, backbone)
    measure_similarity(photos, replace(backbone, spec=replace(backbone.spec, image_size=96)))
    assert sizes == [backbone.spec.image_size] * 4 + [96] * 4


def test_real_photos_of_animals_are(real_photos):
    photos = scan_photos(real_photos / "ants-bees").photos[:40]
    assert measure_similarity(photos, load_backbone()).is_similar


def test_nothing_to_compare_is_an_error(make_folder):
    photos = scan_photos(make_folder(n=4)).photos[:1]
    photos[0].path.write_bytes(b"")
    with pytest.raises(CatalogError, match="none of 1 can be decoded"):
        measure_similarity(photos, load_backbone())


def test_the_line_is_inclusive():
    assert Similarity(0.65, 0.1, 5).is_similar
