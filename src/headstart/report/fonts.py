"""Prepare names in any script for the fonts of this machine.

Class names come from users' folders, and matplotlib warns about each glyph that its font lacks. These functions
replace such characters before drawing, so that no warning needs to be silenced.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

BASE_FONT = "DejaVu Sans"  # comes with matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew and more
# Latin, Greek, Cyrillic, punctuation, arrows: the base font has them (a test compares), so that plain names, which
# most names are, need no matplotlib
PLAIN = re.compile("[ -~¡-¬®-ɏΆΈ-ΊΌΎ-ΡΣ-Ͼ\u0400-\u0482\u048a-\u0525Ḁ-ỹ\u2010-\u2027\u2030-\u205e₠-₵←-⇿□]*")
# fonts of Linux, macOS and Windows for all other characters, in the order in which they are tried
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
    """Say whether the base font has every character, and the text is written from left to right without joined letters.

    Examples
    --------
    >>> is_plain("5$, Größe"), is_plain("猫"), is_plain("قطط")
    (True, False, False)
    """
    return PLAIN.fullmatch(text) is not None


def make_drawable(text: str) -> str:
    """Return the text with those characters replaced that this machine cannot draw.

    Control characters become spaces, invisible joiners are removed, and a character that no font has becomes a square.
    Draw the text with ``parse_math=False``, or matplotlib reads text between two dollars as a formula.
    """
    return text if is_plain(text) else "".join(_make_character_drawable(character) for character in text)


def make_axis_names(names: Sequence[str]) -> list[str]:
    """Return class names for an axis: long names are shortened, names that cannot be drawn become "class N".

    N is the position in ``names``, from 0, as in the tables of the report. If no font has ``猫`` and ``狗``, both
    would be the same square, but their numbers differ.

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

    Most texts need only ``["DejaVu Sans"]``; other fonts, of up to 20 MB, are opened only for characters it lacks.
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
    """Return the first family that has the character, or None."""
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
    """Return the code points that a family has."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(family)).get_charmap())
