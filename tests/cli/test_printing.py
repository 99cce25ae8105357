"""Messages go to stderr, results to stdout."""

import json

import pytest

from headstart.cli.printing import print_json, print_line, say, say_note


def test_messages_and_results_use_different_streams(capsys):
    say("a message")
    print_line("a result")
    assert capsys.readouterr() == ("a result\n", "a message\n")


def test_json_is_strict_and_takes_any_path(capsys):
    print_json({"path": "not utf-8 \udcff", "label": "猫"})
    assert json.loads(capsys.readouterr().out) == {"path": "not utf-8 \udcff", "label": "猫"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"loss": float("nan")})


def test_control_characters_reach_no_terminal(capsys):
    say("file 'a\x1b[2Jb\r\u202ec.jpg'")
    print_line("title:\nname\x07")
    told = capsys.readouterr()
    assert told.err == "file 'a\\x1b[2Jb\\r\\u202ec.jpg'\n"
    assert told.out == "title:\nname\\x07\n"


def test_a_note_takes_one_line(capsys):
    say_note("no photo: 'two\nlines.jpg'")
    assert capsys.readouterr().err == "Note: no photo: 'two\\nlines.jpg'\n"
