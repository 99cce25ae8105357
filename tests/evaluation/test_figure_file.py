"""Figures become pixels, pixels become files."""

import io

import pytest
from PIL import Image

from headstart.errors import RunError
from headstart.evaluation.figure_file import draw_figure, encode_png, save_png
from headstart.evaluation.ink import add_axes, start_figure


def test_a_figure_becomes_pixels_on_white_paper():
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


def test_an_image_that_knows_no_resolution_is_written_too():
    assert encode_png(Image.new("RGB", (2, 1))).startswith(b"\x89PNG")


def test_same_figure_same_bytes():
    assert encode_png(draw_figure(start_figure(2, 1))) == encode_png(draw_figure(start_figure(2, 1)))


def test_says_where_it_could_not_write(tmp_path):
    with pytest.raises(RunError, match=r"Cannot write figure '.*missing.*': got No such file or directory, need"):
        save_png(Image.new("RGB", (2, 1)), tmp_path / "missing" / "figure.png")
