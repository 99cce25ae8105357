"""Images inside the page."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from headstart.errors import EvaluationError
from headstart.evaluation.inline_image import inline_png


def make_png(pixels, dpi=None):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **({"dpi": (dpi, dpi)} if dpi else {}))
    return buffer.getvalue()


def make_photo():
    """Make a photo that PNG stores badly and JPEG well: smooth, with a little noise."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, 600)[:, None, None] + np.zeros((600, 600, 3))
    return (ramp + rng.normal(20, 2, (600, 600, 3))).astype(np.uint8)


def test_a_chart_stays_the_same_png():
    png = make_png(np.full((200, 400, 3), 255, np.uint8), dpi=200)
    image = inline_png(png)
    assert image.uri == "data:image/png;base64," + base64.b64encode(png).decode()
    assert (image.width, image.height) == (200, 100)


def test_photos_become_a_jpeg_that_looks_the_same():
    photo = make_photo()
    image = inline_png(make_png(photo))
    kind, data = image.uri.split(",")
    assert kind == "data:image/jpeg;base64"
    decoded = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert np.abs(decoded.astype(int) - photo).mean() < 2.5
    assert len(image.uri) < len(make_png(photo)) / 2
    assert (image.width, image.height) == (600, 600)


def test_refuses_what_is_no_png():
    with pytest.raises(EvaluationError, match="Cannot embed figure: got 4 bytes that are no PNG"):
        inline_png(b"JPEG")
