"""The statement says what was removed, what was not, and how to train without the photos."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.runs.file_traces import FileTrace
from headstart.runs.photo_traces import Trace
from headstart.storage.removal import Removal
from headstart.training.forget_statement import FILES_STAY, NOT_REMOVED, RUNS_STAY, Forgotten
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


def test_json_has_each_photo_once_with_what_was_removed(forgotten):
    record = json.loads(json.dumps(forgotten.to_dict()))
    assert record == forgotten.to_dict()
    assert (record["schema"], record["is_complete"], record["n_photos"]) == (1, True, 2)
    one, two = record["photos"]
    assert one["paths"] == ["/p/=1.jpg", "/p/copy.jpg"]
    assert one["runs"] == ["runs/my pets"]
    assert two == {
        "digest": TWO, "paths": [], "digest_from": ["given"], "removed_rows": {"features": 0}, "removed_paths": [],
        "runs": [], "files": ["runs/answers.csv"],
    }  # fmt: skip
    assert record["not_removed"] == list(forgotten.not_removed)
    assert record["stores"][0] == {
        "store": "features", "what": "rows", "n_items": 3, "n_bytes": 15_360, "problems": [],
    }  # fmt: skip


def test_few_photos_are_named_in_the_command(forgotten):
    assert forgotten.lists == []
    command = f"headstart train 'runs/my pets' --forget {ONE} --out 'runs/my pets-without'"
    assert f"  To train without them: {command}" in forgotten.describe(Path("s.json"))


def test_runs_with_many_photos_have_a_list_and_equal_lists_are_one(forgotten):
    (few,) = forgotten.traces
    digests = [f"{n:064x}" for n in range(5)]
    many = [
        replace(few, folder=Path(name), photos=tuple({"digest": digest} for digest in [*some, some[0]]))
        for name, some in (("one", digests), ("two", digests[1:]), ("three", digests[::-1]))
    ]
    more = replace(forgotten, traces=(few, *many))
    assert more.lists == [(1, digests), (2, digests[1:])]
    lines = [line for line in more.describe(Path("s.json")) if "To train" in line]
    assert lines[1].endswith("headstart train one --forget s-1.txt --out one-without")
    assert lines[2].endswith("headstart train two --forget s-2.txt --out two-without")
    assert lines[3].endswith("headstart train three --forget s-1.txt --out three-without")
    assert "--forget LIST.txt" in next(line for line in more.describe() if "train one" in line)


def test_text_is_for_people(forgotten):
    lines = list(forgotten.describe(Path("s.txt"), with_photos=True))
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
    for sentence in (*NOT_REMOVED, RUNS_STAY, FILES_STAY):
        assert f"  {sentence}" in lines
    at = lines.index(f"  {ONE}")
    assert lines[at : at + 8] == [
        f"  {ONE}", "    given as: /p/=1.jpg", "    given as: /p/copy.jpg", "    removed rows: 3 of features",
        "    removed path: /p/=1.jpg", "    held by: runs/my pets", f"  {TWO}", "    removed rows: none",
    ]  # fmt: skip
    assert not any(line == f"  {ONE}" for line in forgotten.describe(Path("s.txt")))


def test_what_is_not_removed_names_runs_only_if_they_hold_the_photos(forgotten):
    (trace,) = forgotten.traces
    assert replace(forgotten, traces=(), files=()).not_removed == NOT_REMOVED
    near = replace(forgotten, traces=(replace(trace, naming=("near_copies.csv",)),))
    assert near.not_removed[-1] == "near_copies.csv of runs/my pets names near copies of these photos."
    assert any("resized or mirrored is another photo" in sentence for sentence in NOT_REMOVED)


def test_a_removal_that_has_not_ended_is_not_complete(forgotten):
    begun = replace(forgotten, removals=(), is_finished=False)
    assert not begun.is_complete
    assert begun.to_dict()["is_finished"] is False
    assert next(begun.describe()) == (
        "The removal of 2 photos from the cache '/cache' has not ended. Run the command again."
    )


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


def test_many_problems_of_a_store_are_counted(forgotten):
    many = Removal("results", "all", problems=[f"'{n}' cannot be deleted" for n in range(9)])
    busy = replace(forgotten, removals=(many, Removal("digests", "rows", problems=["it is locked"])))
    assert len(busy.problems) == 10
    assert busy.first_problems == (
        "results: '0' cannot be deleted", "results: '1' cannot be deleted", "results: '2' cannot be deleted",
        "results: 6 more such problems", "digests: it is locked",
    )  # fmt: skip
