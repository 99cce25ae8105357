"""Names in any script, as the fonts of this machine can draw them.

Matplotlib warns once for each glyph that its font lacks. Names come from users' folders, so they are made safe before
they are drawn: nothing has to be silenced afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

BASE_FONT = "DejaVu Sans"  # comes with matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew and more
# Latin, Greek, Cyrillic, punctuation, arrows: in the base font without asking, so that plain names, which most are,
# need no matplotlib; a test compares this with the font
PLAIN = re.compile("[ -~¡-¬®-ɏΆΈ-ΊΌΎ-ΡΣ-Ͼ\u0400-\u0482\u048a-\u0525Ḁ-ỹ\u2010-\u2027\u2030-\u205e₠-₵←-⇿□]*")
# the rest is left to the fonts that Linux, macOS and Windows bring, tried in this order
OTHER_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei", "Droid Sans Fallback", "PingFang SC", "PingFang HK", "Hiragino Sans GB",
    "Hiragino Sans", "Heiti TC", "Apple SD Gothic Neo", "AppleGothic", "Microsoft YaHei", "SimHei", "SimSun",
    "Yu Gothic", "MS Gothic", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil",
    "Noto Sans Thai", "Lohit Devanagari", "Kohinoor Devanagari", "Thonburi", "Nirmala UI", "Leelawadee UI",
    "Arial Unicode MS", "Symbola", "Segoe UI Symbol", "Apple Symbols",
)  # fmt: skip
MISSING = "□"
MAX_NAME = 28  # characters


def is_plain(text: str) -> bool:
    """Say whether the base font has every character, and left to right, one after the other, is how it is written.

    Examples
    --------
    >>> is_plain("5$, Größe"), is_plain("猫"), is_plain("قطط")
    (True, False, False)
    """
    return PLAIN.fullmatch(text) is not None


def make_drawable(text: str) -> str:
    r"""Return the text with everything replaced that cannot be drawn here.

    Parameters
    ----------
    text
        Any text. Control characters become spaces, invisible joiners vanish, and characters that no font has
        become a square. Matplotlib must be told ``parse_math=False``, or it takes two dollars for a formula.

    Examples
    --------
    >>> make_drawable("leaf\trust")
    'leaf rust'
    """
    return text if is_plain(text) else "".join(_make_character_drawable(character) for character in text)


def make_axis_names(names: Sequence[str]) -> list[str]:
    """Return names of classes for an axis: long ones shortened, those that cannot be drawn numbered.

    Squares would make ``猫`` and ``狗`` look alike where no font has them; their numbers still differ. The
    number is the place in ``names``, from 0, as in the tables of the report.

    Examples
    --------
    >>> make_axis_names(["cats", "a very long name that goes on and on"])
    ['cats', 'a very long na…s on and on']
    """
    axis_names = []
    for place, name in enumerate(names):
        short = name if len(name) <= MAX_NAME else f"{name[:14].rstrip()}…{name[-11:].lstrip()}"
        text = make_drawable(short)
        axis_names.append(f"class {place}" if MISSING in text and MISSING not in name else text)
    return axis_names


def choose_fonts(texts: Iterable[str]) -> list[str]:
    """Return the font families that these texts need, first choice first.

    Almost always that is ``["DejaVu Sans"]`` alone: a font of 20 MB is opened only for the names that need it.
    """
    characters = {character for text in texts if not is_plain(text) for character in text}
    families = [family for character in sorted(characters) if (family := _find_font(character))]
    return list(dict.fromkeys([BASE_FONT, *families]))


def _make_character_drawable(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cf" or 0xFE00 <= ord(character) <= 0xFE0F:  # joiners and variation selectors
        return ""
    if kind in ("Cc", "Zl", "Zp"):
        return " "
    return character if _find_font(character) else MISSING


@cache
def _find_font(character: str) -> str | None:
    """Return the first family that has the character."""
    if is_plain(character) or ord(character) in _read_coverage(BASE_FONT):
        return BASE_FONT
    return next((f for f in _list_other_fonts() if ord(character) in _read_coverage(f)), None)


@cache
def _list_other_fonts() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    installed = {entry.name for entry in fontManager.ttflist}
    return tuple(family for family in OTHER_FONTS if family in installed)


@cache
def _read_coverage(family: str) -> frozenset[int]:
    """Return the code points that a family can draw."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(family)).get_charmap())
