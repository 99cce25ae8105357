"""Names cannot control a terminal."""

import pytest

from headstart.process.terminal_text import escape_controls, escape_name


@pytest.mark.parametrize("character", ["\x1b", "\x07", "\x9b", "\x7f", "\r", "\t", "\u202e", "\u2066", "\u2028"])
def test_control_characters_are_escaped(character):
    text = escape_controls(f"a{character}b")
    assert character not in text
    assert text.isascii()


@pytest.mark.parametrize("text", ["Zürich 猫", "👨\u200d👩", "two\nlines", "not utf-8 \udcff"])
def test_other_characters_stay(text):
    assert escape_controls(text) == text


def test_a_name_takes_one_line():
    assert escape_name("two\nlines\x1b") == r"two\nlines\x1b"
