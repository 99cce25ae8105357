"""Animations and files of several pages are told from single photos."""

import io

import numpy as np
import pytest
from PIL import Image

from headstart.pixels.photo_frames import has_several_frames

FRAMES = [Image.fromarray(np.random.default_rng(n).integers(0, 255, (30, 40, 3)).astype(np.uint8)) for n in range(3)]


def encode(kind, n_frames):
    stream = io.BytesIO()
    options = {"save_all": True, "append_images": FRAMES[1:n_frames]} if n_frames > 1 else {}
    FRAMES[0].save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_frames_are_found(kind):
    assert has_several_frames(encode(kind, 3), kind)
    assert not has_several_frames(encode(kind, 1), kind)


def test_other_formats_have_one():
    assert not has_several_frames(encode("JPEG", 1), "JPEG")


def test_a_cut_gif_counts_as_one_frame():
    data = encode("GIF", 3)
    assert not has_several_frames(data[:1000], "GIF")
