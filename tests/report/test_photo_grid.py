"""Grids of uncropped photos with coloured titles."""

import numpy as np
import pytest
from PIL import Image, ImageColor

from headstart.errors import EvaluationError
from headstart.report.figure_file import encode_png
from headstart.report.figure_style import ACCENT, DARK
from headstart.report.photo_grid import CELL_PX, GAP_PX, LINE_PX, MARGIN_PX, _wrap_title, plot_photo_grid

GREEN = (10, 200, 10)


def make_photo(height=40, width=60, colour=GREEN):
    return np.full((height, width, 3), colour, np.uint8)


def find_boxes(image, n_columns=3, cell_px=CELL_PX):
    """Return (left, top, right, bottom) of the green photos, row by row; `right` and `bottom` are outside."""
    is_green = (np.asarray(image) == GREEN).all(axis=2)
    boxes = []
    rows = np.flatnonzero(np.diff(np.r_[0, is_green.any(axis=1), 0]))
    for top, bottom in rows.reshape(-1, 2):
        for column in range(n_columns):
            start = MARGIN_PX + column * (cell_px + GAP_PX)
            cell = is_green[top:bottom, start : start + cell_px]
            if cell.any():
                ys, xs = np.nonzero(cell)
                boxes.append((start + xs.min(), top + ys.min(), start + xs.max() + 1, top + ys.max() + 1))
    return boxes


def count_pixels(image, box, colour):
    return int((np.asarray(image.crop(box)) == ImageColor.getrgb(colour)).all(axis=2).sum())


def test_titles_of_right_answers_are_dark_and_of_wrong_ones_red():
    titles = ["Prediction: cats (True)", "Prediction: dogs (False)"]
    image = plot_photo_grid([make_photo()] * 2, titles, colours=[DARK, ACCENT])
    (left, top, right, _), (left2, _, right2, _) = find_boxes(image)
    first, second = (left, 0, right, top), (left2, 0, right2, top)
    assert count_pixels(image, first, DARK) > 30
    assert count_pixels(image, second, ACCENT) > 30
    assert count_pixels(image, first, ACCENT) == count_pixels(image, second, DARK) == 0
    plain = plot_photo_grid([make_photo()], ["cats"])
    assert count_pixels(plain, (0, 0, *plain.size), DARK) > 10


def test_a_long_line_of_a_title_takes_at_most_two_lines():
    lines = _wrap_title("many words " * 40, CELL_PX)
    assert len(lines) == 2
    assert lines[1].endswith("…")


@pytest.mark.parametrize("title", ["W" * 80, "猫" * 80, "i" * 80, f"Prediction: {'W' * 26} (True)"])
def test_a_title_stays_above_its_photo(title):
    image = plot_photo_grid([make_photo(60, 60), make_photo(60, 60)], [title, ""], n_columns=2)
    (_, top, right, _), (other, *_) = find_boxes(image, 2)
    assert count_pixels(image, (right, 0, other, top), "#ffffff") == (other - right) * top
    assert count_pixels(image, (other, 0, image.width, top), "#ffffff") == (image.width - other) * top


def test_a_line_break_in_a_title_is_kept():
    assert _wrap_title("Dogs 99%\nLabel: cats", CELL_PX) == ["Dogs 99%", "Label: cats"]
    one, two = (plot_photo_grid([make_photo()], [title]) for title in ("Dogs", "Dogs\nLabel: cats"))
    assert two.height - one.height == LINE_PX


@pytest.mark.parametrize("name", ["bacterial_leaf_blight", "many words " * 40])
def test_a_long_prediction_leaves_room_for_the_label(name):
    lines = _wrap_title(f"Prediction: {name} 40%\nLabel: blast", CELL_PX)
    assert lines[-1] == "Label: blast"
    assert len(lines) == 3
    assert ("40%" in lines[1]) == (len(name) < 30)


@pytest.mark.parametrize(("n", "n_columns", "n_rows"), [(1, 3, 1), (3, 3, 1), (4, 3, 2), (6, 2, 3)])
def test_rows_and_columns(n, n_columns, n_rows):
    image = plot_photo_grid([make_photo()] * n, [""] * n, n_columns=n_columns)
    boxes = find_boxes(image, n_columns)
    assert len(boxes) == n
    assert len({top for _, top, *_ in boxes}) == n_rows
    assert len({left for left, *_ in boxes}) == min(n, n_columns)
    assert image.width == 2 * MARGIN_PX + n_columns * CELL_PX + (n_columns - 1) * GAP_PX


def test_photos_keep_their_proportions_and_fill_their_cells():
    image = plot_photo_grid([make_photo(3000, 1000), make_photo(20, 50), make_photo(1, 900)], [""] * 3, cell_px=100)
    sizes = [(right - left, bottom - top) for left, top, right, bottom in find_boxes(image, cell_px=100)]
    assert sizes == [(33, 100), (100, 40), (100, 1)]


def test_the_picture_shows_the_colours_of_the_photos():
    image = plot_photo_grid([make_photo(colour=(200, 10, 10)), make_photo()], ["", ""], n_columns=2)
    assert image.getpixel((image.width // 4, image.height // 2)) == (200, 10, 10)
    assert image.getpixel((3 * image.width // 4, image.height // 2)) == GREEN
    assert image.getpixel((1, 1)) == (255, 255, 255)


def test_real_photos_of_any_size(real_photos):
    photos = [
        np.asarray(Image.open(path).convert("RGB"))
        for path in sorted((real_photos / "cats-dogs/test_set/cats").glob("*.jpg"))[:4]
    ]
    pngs = [encode_png(plot_photo_grid(photos, ["猫 $1"] * 4)) for _ in range(2)]
    assert pngs[0] == pngs[1]
    assert len(pngs[0]) < 1_500_000


@pytest.mark.parametrize(
    ("photos", "titles", "message"),
    [
        ([], [], "got 0 photos"),
        ([make_photo()], ["a", "b"], "got 1 photos, 2 titles"),
        ([make_photo()[:, :, 0]], ["a"], r"like uint8 \(40, 60\), need uint8 \(H, W, 3\)"),
        ([make_photo() / 255], ["a"], r"like float64 .* need uint8"),
    ],
)
def test_arrays_that_are_not_photos_are_refused(photos, titles, message):
    with pytest.raises(EvaluationError, match=message):
        plot_photo_grid(photos, titles)
