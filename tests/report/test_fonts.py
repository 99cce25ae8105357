"""Names in any script are drawn without warnings."""

import io
import unicodedata

import pytest

from headstart.report import fonts
from headstart.report.figure_style import start_figure
from headstart.report.fonts import BASE_FONT, choose_fonts, is_plain, make_axis_names, make_drawable


@pytest.fixture
def only_the_base_font(monkeypatch):
    """Simulate a machine that has only matplotlib's fonts."""
    monkeypatch.setattr(fonts, "OTHER_FONTS", ())
    for cached in (fonts._find_font, fonts._list_other_fonts):
        cached.cache_clear()
    yield
    for cached in (fonts._find_font, fonts._list_other_fonts):
        cached.cache_clear()


@pytest.mark.parametrize(
    "text", ["猫", "קטים", "قطط", "кошки", "बिल्ली", "แมว", "🐈‍⬛", "$x^$", "$\\frac{", "a\nb\tc", "", "x" * 300, "_"]
)
def test_drawing_never_warns(text):
    figure = start_figure(3, 1)
    text = make_drawable(text)
    figure.text(0.1, 0.5, text, fontfamily=choose_fonts([text]), parse_math=False)
    figure.savefig(io.BytesIO(), format="png")  # warnings are errors here


def test_plain_text_is_unchanged():
    assert make_drawable("leaf rust, 2. Größe (é)") == "leaf rust, 2. Größe (é)"
    assert choose_fonts(["leaf rust"]) == [BASE_FONT]


def test_the_base_font_has_all_plain_characters():
    plain = {chr(code) for code in range(0x110000) if is_plain(chr(code))}
    assert not {character for character in plain if ord(character) not in fonts._read_coverage(BASE_FONT)}
    kinds = {unicodedata.bidirectional(character) for character in plain}
    assert not kinds & {"R", "AL", "AN", "NSM"}  # from right to left, or combining


def test_characters_without_a_font_become_squares(only_the_base_font):
    assert make_drawable("a猫b") == "a□b"


def test_names_without_a_font_are_numbered(only_the_base_font):
    assert make_axis_names(["猫", "dogs", "狗"]) == ["class 0", "dogs", "class 2"]


def test_a_square_that_belongs_to_a_name_is_kept():
    assert make_axis_names(["□"]) == ["□"]
