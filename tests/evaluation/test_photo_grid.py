"""Grids of photos: whole photos, coloured titles."""

import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from headstart.errors import EvaluationError
from headstart.evaluation.figure_file import encode_figure
from headstart.evaluation.ink import ACCENT, INK
from headstart.evaluation.photo_grid import plot_photo_grid

PHOTOS = Path(__file__).parents[2].parent / "shared" / "data" / "cats-dogs" / "test_set" / "cats"


def make_photo(height=40, width=60, value=100):
    return np.full((height, width, 3), value, np.uint8)


def list_titles(figure):
    return [(text.get_text(), to_hex(text.get_color())) for text in figure.texts]


def test_right_is_dark_and_wrong_is_red():
    titles = ["Prediction: cats (True)", "Prediction: dogs (False)"]
    figure = plot_photo_grid([make_photo()] * 2, titles, colours=[INK, ACCENT])
    assert list_titles(figure) == [(titles[0], INK), (titles[1], "#981220")]
    assert list_titles(plot_photo_grid([make_photo()], ["cats"])) == [("cats", INK)]


def test_a_long_title_takes_two_lines_at_most():
    (title, _), *_ = list_titles(plot_photo_grid([make_photo()], ["many words " * 40]))
    assert title.count("\n") == 1
    assert title.endswith("…")


def test_a_line_break_in_a_title_is_kept():
    figure = plot_photo_grid([make_photo()], ["Dogs 99%\nLabel: cats"], n_columns=1)
    assert list_titles(figure)[0][0] == "Dogs 99%\nLabel: cats"


@pytest.mark.parametrize(("n", "n_columns", "n_rows"), [(1, 3, 1), (3, 3, 1), (4, 3, 2), (6, 2, 3)])
def test_rows_and_columns(n, n_columns, n_rows):
    figure = plot_photo_grid([make_photo()] * n, [""] * n, n_columns=n_columns)
    corners = [axes.get_position(original=True) for axes in figure.axes]
    assert len({round(corner.y0, 4) for corner in corners}) == n_rows
    assert len({round(corner.x0, 4) for corner in corners}) == min(n, n_columns)
    assert all(0 <= c.x0 < c.x1 <= 1 and 0 <= c.y0 < c.y1 <= 1 for c in corners)


def test_photos_stay_whole_and_large_ones_shrink():
    figure = plot_photo_grid([make_photo(3000, 1000), make_photo(20, 50)], ["tall", "small"])
    shown = [axes.images[0].get_array().shape for axes in figure.axes]
    height, width, _ = shown[0]
    assert height < 400
    assert height == pytest.approx(3 * width, abs=2)
    assert shown[1] == (20, 50, 3)


def test_the_file_shows_the_colours_of_the_photos():
    photos = [np.full((30, 30, 3), colour, np.uint8) for colour in ([200, 10, 10], [10, 200, 10])]
    figure = plot_photo_grid(photos, ["", ""], n_columns=2)
    with Image.open(io.BytesIO(encode_figure(figure))) as image:
        width, height = image.size
        assert image.convert("RGB").getpixel((width // 4, height // 2)) == (200, 10, 10)
        assert image.convert("RGB").getpixel((3 * width // 4, height // 2)) == (10, 200, 10)


def test_real_photos_of_any_size():
    if not PHOTOS.is_dir():
        pytest.skip(f"the photos of {PHOTOS.parent.parent.name} are not on this machine")
    photos = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(PHOTOS.glob("*.jpg"))[:4]]
    png = encode_figure(plot_photo_grid(photos, ["猫 $1"] * 4))
    assert png.startswith(b"\x89PNG")
    assert len(png) < 1_500_000


@pytest.mark.parametrize(
    ("photos", "titles", "message"),
    [
        ([], [], "got 0 photos"),
        ([make_photo()], ["a", "b"], "got 1 photos, 2 titles"),
        ([make_photo()[:, :, 0]], ["a"], r"like uint8 \(40, 60\), need uint8 \(H, W, 3\)"),
        ([make_photo() / 255], ["a"], r"like float64 .* need uint8"),
    ],
)
def test_refuses_what_is_no_photo(photos, titles, message):
    with pytest.raises(EvaluationError, match=message):
        plot_photo_grid(photos, titles)
