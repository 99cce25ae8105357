"""A statement is written before the removal and after it, and what cannot be written stops the removal."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.errors import CacheError
from headstart.runs.photo_traces import Trace
from headstart.storage.removal import Removal
from headstart.training import statement_file
from headstart.training.forget_statement import Forgotten
from headstart.training.forgotten_photos import ForgottenPhoto
from headstart.training.statement_file import (
    check_statement,
    choose_statement,
    finish_statement,
    reserve_statement,
)

ONE = "0a" * 32
DIGESTS = [f"{n:064x}" for n in range(5)]


@pytest.fixture
def begun():
    photos = tuple({"digest": digest} for digest in DIGESTS)
    trace = Trace(folder=Path("runs/pets"), kind="run", photos=photos, naming=(), showing=())
    return Forgotten(
        photos=(ForgottenPhoto(ONE, "/p/1.jpg", "file"),), skipped=(), removals=(), counts={}, known_paths={},
        traces=(trace, trace), unsearched=(), searched=(Path("runs"),), cache=Path("/cache"), unknown=(), time="now",
        is_finished=False,
    )  # fmt: skip


@pytest.fixture
def ended(begun):
    return replace(
        begun, removals=(Removal("features", "rows", 3, 15_360),), counts={ONE: {"features": 3}}, is_finished=True
    )


def refuse(*_):
    raise OSError(28, "No space left on device")


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_statement_is_there_before_the_removal_and_complete_after_it(begun, ended, tmp_path):
    path = tmp_path / "s.json"
    reserve_statement(path, begun)
    assert json.loads(path.read_text()) == begun.to_dict()
    assert list_names(tmp_path) == ["s-1.txt", "s.json"]  # equal lists are written once
    assert (tmp_path / "s-1.txt").read_text().split() == DIGESTS
    finish_statement(path, ended)
    assert path.read_text() == json.dumps(ended.to_dict(), indent=2) + "\n"
    assert list_names(tmp_path) == ["s-1.txt", "s.json"]


def test_text_names_each_photo(begun, ended, tmp_path):
    path = tmp_path / "s.txt"
    reserve_statement(path, begun)
    finish_statement(path, ended)
    assert path.read_text().splitlines() == list(ended.describe(path, with_photos=True))
    assert f"  {ONE}\n    given as: /p/1.jpg\n    removed rows: 3 of features\n" in path.read_text()


def test_a_disk_that_is_full_after_the_removal_has_room_for_the_statement(begun, ended, tmp_path, monkeypatch):
    path = tmp_path / "s.json"
    reserve_statement(path, begun)
    size = path.stat().st_size
    monkeypatch.setattr(statement_file, "write_safely", refuse)
    finish_statement(path, ended)
    assert json.loads(path.read_text()) == ended.to_dict()
    assert path.stat().st_size < size


def test_a_disk_that_is_full_before_the_removal_stops_it(begun, tmp_path, monkeypatch):
    monkeypatch.setattr(statement_file.os, "fsync", refuse)
    with pytest.raises(CacheError, match=r"No space left on device\. Nothing was removed\. Free space or give another"):
        reserve_statement(tmp_path / "s.json", begun)
    assert list_names(tmp_path) == []


def test_a_file_of_another_command_is_not_overwritten(begun, tmp_path):
    (tmp_path / "s.json").write_text("theirs")
    with pytest.raises(CacheError, match=r"File exists\. Nothing was removed"):
        reserve_statement(tmp_path / "s.json", begun)
    assert list_names(tmp_path) == ["s.json"]
    assert (tmp_path / "s.json").read_text() == "theirs"


def test_a_statement_that_fails_says_that_the_photos_are_removed(ended, tmp_path):
    with pytest.raises(CacheError, match=r"The photos were removed\. Run the same command with another --out"):
        finish_statement(tmp_path / "no" / "s.json", ended)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("s.pdf", r"got a name that ends in '\.pdf', need one of \.json, \.txt"), ("old.json", "it exists"),
        ("list.json", "or its list of photos"), ("no/s.json", "there is no folder"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_written_is_one_sentence(tmp_path, name, message):
    (tmp_path / "old.json").write_text("{}")
    (tmp_path / "list-3.txt").write_text(ONE)
    with pytest.raises(CacheError, match=message):
        check_statement(tmp_path / name)


def test_commands_that_end_in_one_second_have_statements_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("now", "now-2", "now-3"):
        path = choose_statement("now")
        assert path == Path(f"headstart-forget-{name}.json")
        check_statement(path)
        path.touch()
    Path("headstart-forget-then-1.txt").touch()  # a list of another statement, which may be gone
    assert choose_statement("then") == Path("headstart-forget-then-2.json")
