"""The statement says what was removed, what was not, and how to train without the photos."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.errors import CacheError
from headstart.runs.file_traces import FileTrace
from headstart.runs.photo_traces import Trace
from headstart.storage.removal import Removal
from headstart.training.forget_statement import NOT_REMOVED, Forgotten, check_statement, choose_statement
from headstart.training.forgotten_photos import ForgottenPhoto

ONE, TWO = "0a" * 32, "0b" * 32


@pytest.fixture
def forgotten():
    row = {"digest": ONE, "path": "cats/1.jpg", "label": "cats", "split": "train"}
    trace = Trace(
        folder=Path("runs/my pets"), kind="run", photos=(row,), naming=("catalog.csv",), showing=("report.html",)
    )
    return Forgotten(
        photos=(ForgottenPhoto(ONE, "/p/=1.jpg", "file"), ForgottenPhoto(ONE, "/p/copy.jpg", "file"),
                ForgottenPhoto(TWO, None, "given")),
        skipped=(("/p/notes.jpg", "text"),),
        removals=(Removal("features", "rows", 3, 15_360), Removal("digests", "paths")),
        counts={ONE: {"features": 3}, TWO: {"features": 0}}, known_paths={ONE: ["/p/=1.jpg"]}, traces=(trace,),
        files=(FileTrace(path=Path("runs/answers.csv"), digests=(TWO,), showing=(Path("runs/answers.png"),)),),
        unsearched=("'runs/old' was not searched: it is damaged.",), searched=(Path("runs"),), cache=Path("/cache"),
        unknown=("notes.txt",), time="2026-12-01T10:00:00+00:00",
    )  # fmt: skip


def test_json_has_each_photo_once_with_what_was_removed(forgotten, tmp_path):
    forgotten.write(tmp_path / "s.json")
    record = json.loads((tmp_path / "s.json").read_text())
    assert record == forgotten.to_dict()
    assert (record["schema"], record["is_complete"], record["n_photos"]) == (1, True, 2)
    one, two = record["photos"]
    assert one["paths"] == ["/p/=1.jpg", "/p/copy.jpg"]
    assert one["runs"] == ["runs/my pets"]
    assert two == {
        "digest": TWO, "paths": [], "digest_from": ["given"], "removed_rows": {"features": 0}, "removed_paths": [],
        "runs": [], "files": ["runs/answers.csv"],
    }  # fmt: skip
    assert record["not_removed"] == list(NOT_REMOVED)
    assert record["stores"][0] == {
        "store": "features", "what": "rows", "n_items": 3, "n_bytes": 15_360, "problems": [],
    }  # fmt: skip


def test_few_photos_are_named_in_the_command(forgotten, tmp_path):
    forgotten.write(tmp_path / "s.json")
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]
    command = f"headstart train 'runs/my pets' --forget {ONE} --out 'runs/my pets-without'"
    assert f"  To train without them: {command}" in forgotten.describe(tmp_path / "s.json")


def test_a_list_is_written_for_each_run_with_many(forgotten, tmp_path):
    (few,) = forgotten.traces
    digests = [f"{n:064x}" for n in range(5)]
    many = [
        replace(few, folder=Path(name), photos=tuple({"digest": digest} for digest in [*some, some[0]]))
        for name, some in (("one", digests), ("two", digests[1:]))
    ]
    more = replace(forgotten, traces=(few, *many))
    more.write(tmp_path / "s.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s-1.txt", "s-2.txt", "s.json"]
    assert (tmp_path / "s-1.txt").read_text().split() == digests
    assert (tmp_path / "s-2.txt").read_text().split() == digests[1:]
    lines = [line for line in more.describe(Path("s.json")) if "To train" in line]
    assert lines[1].endswith("headstart train one --forget s-1.txt --out one-without")
    assert lines[2].endswith("headstart train two --forget s-2.txt --out two-without")
    assert "--forget LIST.txt" in next(line for line in more.describe() if "train one" in line)


def test_text_is_for_people(forgotten, tmp_path):
    forgotten.write(tmp_path / "s.txt")
    lines = (tmp_path / "s.txt").read_text().splitlines()
    assert lines[0] == "Removed all of 2 photos from the cache '/cache'."
    assert lines[1].split() == ["features", "3", "15.4", "kB", "rows"]
    assert "runs/my pets holds 1 photo: 1 in train" in lines
    assert "  named in: catalog.csv" in lines
    assert "  may be shown in: report.html" in lines
    at = lines.index("runs/answers.csv names 1 photo")
    assert lines[at + 1] == "  may be shown in: runs/answers.png"
    assert "'runs/old' was not searched: it is damaged." in lines
    assert "  Not searched, because headstart did not write it: notes.txt" in lines
    assert lines[-1].startswith("2026-12-01T10:00:00+00:00, headstart ")
    for sentence in NOT_REMOVED:
        assert f"  {sentence}" in lines


def test_nothing_and_not_everything_are_said(forgotten):
    nothing = replace(forgotten, removals=(Removal("features", "rows"), Removal("results", "all", 5, 100)), traces=())
    lines = list(nothing.describe())
    assert lines[0] == "Nothing of 2 photos was in the cache '/cache'."
    assert "No run or audit in runs holds them." in lines
    lines = list(replace(nothing, searched=()).describe())
    assert any(line.startswith("No folder of runs was searched") and "--runs FOLDER" in line for line in lines)
    busy = replace(forgotten, removals=(Removal("features", "rows", problems=["it is locked", "it is locked"]),))
    assert not busy.is_complete
    assert busy.problems == ("features: it is locked",)
    lines = list(busy.describe())
    assert lines[0] == "Not everything of 2 photos was removed from the cache '/cache'."
    assert "  Not complete: features: it is locked." in lines


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


def test_a_statement_that_fails_says_that_the_photos_are_removed(forgotten, tmp_path):
    with pytest.raises(CacheError, match=r"The photos were removed\. Run the same command with another --out"):
        forgotten.write(tmp_path / "no" / "s.json")
