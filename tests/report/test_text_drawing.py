"""Text on images: plain text without matplotlib, other scripts with it."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from headstart.report.fonts import make_drawable
from headstart.report.text_drawing import draw_text, measure_text

RED = "#981220"


def draw(text, size_px=14):
    image = Image.new("RGB", (200, 40), "white")
    draw_text(image, (10, 25), make_drawable(text), size_px, RED)
    return np.asarray(image).astype(int)


def find_ink(pixels):
    """Return the first and last column and row that are not white."""
    rows, columns = np.nonzero((pixels < 250).any(axis=2))
    return columns.min(), columns.max(), rows.min(), rows.max()


@pytest.mark.parametrize("text", ["cats", "5$ and 6$", "قطط"])
def test_text_stands_on_its_baseline_in_its_colour(text):
    pixels = draw(text)
    left, right, top, bottom = find_ink(pixels)
    assert 8 <= left <= 13
    assert right - left == pytest.approx(measure_text(text, 14), abs=4)
    assert 10 <= top < 24 <= bottom <= 30
    darkest = pixels[tuple(np.argwhere(pixels.sum(axis=2) == pixels.sum(axis=2).min())[0])]
    assert np.abs(darkest - [0x98, 0x12, 0x20]).max() < 60


@pytest.mark.parametrize("text", ["", "猫", "$x^$ 猫", "בית\t\n", "x" * 300, "🐈‍⬛"])
def test_any_text_is_drawn_and_nothing_warns(text):
    draw(text)  # warnings are errors here
    assert measure_text(make_drawable(text), 14) >= 0


def test_larger_text_is_wider():
    assert measure_text("cats", 28) == pytest.approx(2 * measure_text("cats", 14), rel=0.1)


def test_plain_text_needs_no_matplotlib():
    program = (
        "import sys; from PIL import Image; from headstart.report.text_drawing import draw_text, measure_text\n"
        "draw_text(Image.new('RGB', (99, 20)), (0, 15), 'Größe: кошки', 14, 'white'); measure_text('cats', 14)\n"
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
