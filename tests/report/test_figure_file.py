"""Figures are drawn as pixels and written as PNG files and as data: addresses."""

import base64
import io
import os

import numpy as np
import pytest
from PIL import Image

from headstart.errors import RunError
from headstart.report.figure_file import check_picture_path, draw_figure, encode_png, inline_image, save_png
from headstart.report.figure_style import add_axes, start_figure


def test_a_figure_is_drawn_on_white():
    figure = start_figure(2, 1)
    add_axes(figure, 0.5, 0.25, 1, 0.5).set_facecolor("#981220")
    image = draw_figure(figure)
    assert (image.mode, image.size, image.info["dpi"]) == ("RGB", (400, 200), (200, 200))
    assert image.getpixel((10, 10)) == (255, 255, 255)
    assert image.getpixel((200, 100)) == (0x98, 0x12, 0x20)


def test_writes_a_png(tmp_path):
    written = save_png(draw_figure(start_figure(2, 1)), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes() == written
    with Image.open(io.BytesIO(written)) as image:
        assert (image.format, image.size) == ("PNG", (400, 200))
        assert image.info["dpi"] == pytest.approx((200, 200), abs=0.1)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (37, 23), (300, 200)])
def test_a_png_keeps_every_pixel(size):
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8)
    with Image.open(io.BytesIO(encode_png(Image.fromarray(pixels)))) as image:
        assert (image.mode, image.size) == ("RGB", size)
        np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK"])
def test_images_of_other_kinds_are_written_as_rgb(mode):
    given = Image.effect_noise((20, 10), 50).convert("RGB").convert(mode)
    with Image.open(io.BytesIO(encode_png(given))) as image:
        np.testing.assert_array_equal(np.asarray(image), np.asarray(given.convert("RGB")))


def test_an_image_without_a_resolution_is_written():
    assert encode_png(Image.new("RGB", (2, 1))).startswith(b"\x89PNG")


def test_the_same_figure_gives_the_same_bytes():
    assert encode_png(draw_figure(start_figure(2, 1))) == encode_png(draw_figure(start_figure(2, 1)))


def test_only_pictures_drawn_by_headstart_are_replaced(tmp_path):
    photo, ours = tmp_path / "photo.png", tmp_path / "ours.png"
    Image.new("RGB", (4, 4)).save(photo)
    save_png(Image.new("RGB", (4, 4)), ours)
    check_picture_path(ours)
    check_picture_path(tmp_path / "new.PNG")
    with pytest.raises(RunError, match="headstart did not draw it"):
        check_picture_path(photo)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("model.onnx", r"must end in \.png"),
        ("missing/a.png", "the folder '.*missing' does not exist"),
        ("folder.png", "it is a folder"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused(tmp_path, name, reason):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(RunError, match=reason):
        check_picture_path(tmp_path / name)


def test_the_error_names_the_file_that_cannot_be_written(tmp_path):
    with pytest.raises(RunError, match=r"Cannot write figure '.*missing.*': got No such file or directory, need"):
        save_png(Image.new("RGB", (2, 1)), tmp_path / "missing" / "figure.png")


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


def test_a_full_disk_leaves_the_figure_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "grid.png"
    before = save_png(draw_figure(start_figure(1, 1)), path)

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RunError, match="got No space left on device"):
        save_png(draw_figure(start_figure(2, 1)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
