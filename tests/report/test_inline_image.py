"""Images as data: addresses."""

import base64
import io

import numpy as np
from PIL import Image

from headstart.report.figure_file import encode_png
from headstart.report.inline_image import inline_image


def make_photo():
    """Make a photo that JPEG compresses better than PNG: smooth, with a little noise."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, 600)[:, None, None] + np.zeros((600, 600, 3))
    return Image.fromarray((ramp + rng.normal(20, 2, (600, 600, 3))).astype(np.uint8))


def test_a_chart_stays_the_same_png():
    chart = Image.new("RGB", (400, 200), "white")
    chart.info["dpi"] = (200, 200)
    png = encode_png(chart)
    image = inline_image(chart, png)
    assert image.uri == "data:image/png;base64," + base64.b64encode(png).decode()
    assert (image.width, image.height) == (200, 100)


def test_photos_become_a_jpeg_that_looks_the_same():
    photo = make_photo()
    png = encode_png(photo)
    image = inline_image(photo, png)
    kind, data = image.uri.split(",")
    assert kind == "data:image/jpeg;base64"
    decoded = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert np.abs(decoded.astype(int) - np.asarray(photo)).mean() < 2.5
    assert len(image.uri) < len(png) / 2
    assert (image.width, image.height) == (600, 600)


def test_an_image_that_jpeg_does_not_halve_stays_a_png():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8))
    assert inline_image(noise, encode_png(noise)).uri.startswith("data:image/png")
