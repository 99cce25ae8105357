"""A note is a record that reads as its text."""

import json

from headstart.evaluation.notes import Note, note_unused, parse_note, sort_notes

LEAK = Note("leak", "1 photo is in train and in test.", "warning")
LAYOUT = Note("layout", "Read as class folders.")


def test_a_note_reads_as_its_text():
    assert str(LEAK) == f"{LEAK}" == "1 photo is in train and in test."


def test_a_note_comes_back_from_its_record():
    record = json.loads(json.dumps(LEAK.to_record()))
    assert record == {"code": "leak", "text": str(LEAK), "severity": "warning", "link": "docs/notes.md#leak"}
    assert parse_note(record) == LEAK


def test_a_note_of_an_earlier_version_keeps_its_text():
    assert parse_note("Read as class folders.") == Note("note", "Read as class folders.", "info")


def test_warnings_come_first_and_each_note_once():
    assert sort_notes([LAYOUT, LEAK, LAYOUT]) == [LEAK, LAYOUT]


def test_a_note_on_an_option_without_effect():
    note = note_unused("--force", "nothing was checked")
    assert (note.code, note.severity) == ("unused-option", "warning")
    assert str(note) == "The option --force had no effect: nothing was checked."
