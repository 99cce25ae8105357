"""The gallery of strangers: the same images everywhere."""

import hashlib

import numpy as np
import pytest

from headstart.pixels.strangers import VERSION, Stranger, draw_stranger, list_strangers

DIGESTS = {  # of all images by their size; if one changes, VERSION counts up
    224: "4643c70f5e8ac4b17b33f44567ef88a0f9e1aa342d64c3fe84095e1afc2aa90d",
    96: "a515b97c2da13c80e7878719ea266e2b5bdacce181706b05422adcb04dc7d630",
}


@pytest.mark.parametrize("size_px", DIGESTS)
def test_images_are_the_same_everywhere(size_px):
    data = b"".join(draw_stranger(one, size_px).tobytes() for one in list_strangers())
    assert (VERSION, hashlib.sha256(data).hexdigest()) == (1, DIGESTS[size_px])


def test_the_gallery_has_images_of_fifteen_kinds_with_names_of_their_own():
    strangers = list_strangers()
    assert 50 <= len(strangers) <= 100
    assert len({one.kind for one in strangers}) == 15
    assert len({one.digest for one in strangers}) == len({one.path for one in strangers}) == len(strangers)


@pytest.mark.parametrize("size_px", [32, 224, 331])
def test_every_image_has_the_asked_size_and_differs_from_the_others(size_px):
    images = [draw_stranger(one, size_px) for one in list_strangers()]
    assert {(image.shape, image.dtype) for image in images} == {((size_px, size_px, 3), np.dtype(np.uint8))}
    assert len({image.tobytes() for image in images}) == len(images)


def test_images_show_what_their_kind_says():
    def draw(kind, number=0):
        return draw_stranger(Stranger(kind, number), 224).astype(int)

    assert (draw("black") == 0).all()
    assert (draw("white") == 255).all()
    assert np.ptp(draw("one colour"), axis=(0, 1)).max() == 0
    assert np.ptp(draw("grey noise"), axis=2).max() == 0
    assert draw("grey noise").std() > 60
    assert np.abs(np.diff(draw("gradient"), axis=1)).max() <= 2 < np.ptp(draw("gradient"))
    assert draw("text on white").mean() > 128 > draw("text on dark").mean()
