"""Files beside the runs that name photos are found: suggestions, answers, and commands with a digest."""

import json

import pytest

from headstart.runs.file_traces import find_file_traces, list_working_folders
from headstart.runs.photo_traces import Trace
from headstart.runs.run_folder import RUN

ONE, TWO = "0a" * 32, "0b" * 32


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def places(tmp_path):
    return {ONE: [str(tmp_path / "pets" / "1.png")], TWO: []}


def find(runs, places, results=(), traces=()):
    return find_file_traces([runs], results, traces, places)


def test_suggestions_and_answers_are_found_by_path_and_digest(runs, places, tmp_path):
    (runs / "answers.csv").write_text("path,label\npets/1.png,cats\n")
    (runs / "answers.png").touch()  # the picture of predict
    (runs / "pets-suggested.csv").write_text(f"path,label\n{tmp_path}/pets/1.png,\n")
    (runs / "pets-suggested.html").write_text(f'{{"digest": "{TWO}", "path": "pets/1.png"}}')
    (runs / "other.csv").write_text("path,label\nmore/pets/1.png,cats\n")
    (runs / "run").mkdir()
    (runs / "run" / "deep.csv").write_text(ONE)
    found, problems = find(runs, places)
    assert problems == []
    assert [(trace.path.name, trace.digests) for trace in found] == [
        ("answers.csv", (ONE,)), ("pets-suggested.csv", (ONE,)), ("pets-suggested.html", (ONE, TWO)),
    ]  # fmt: skip
    assert [[path.name for path in trace.showing] for trace in found] == [
        ["answers.png"], [], ["pets-suggested.html"],
    ]  # fmt: skip
    assert found[0].to_dict() == {
        "path": str(runs / "answers.csv"), "digests": [ONE],
        "files_that_may_show_them": [str(runs / "answers.png")],
    }  # fmt: skip


def test_the_command_of_a_run_that_forgot_a_photo_names_it(runs, places):
    folder = runs / "pets-without"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"arguments": {"forget": [ONE, TWO]}}))
    ((trace,), _) = find(runs, places, [(folder, RUN)])
    assert (trace.path, trace.digests) == (folder / "run.json", (ONE, TWO))
    assert trace.showing == ()
    held = Trace(folder=folder, kind="run", photos=({"digest": ONE},), naming=("run.json",), showing=())
    ((trace,), _) = find(runs, places, [(folder, RUN)], [held])
    assert trace.digests == (TWO,)  # the other one is among the photos of the run


def test_the_files_of_a_run_that_is_given_are_not_found_twice(runs, places):
    (runs / "catalog.csv").write_text(ONE)
    assert find(runs, places, [(runs, RUN)]) == ([], [])


def test_a_file_that_cannot_be_read_is_said(runs, places, monkeypatch):
    (runs / "answers.csv").write_text(ONE)
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: (_ for _ in ()).throw(PermissionError(13, "denied")))
    assert find(runs, places) == ([], [f"'{runs / 'answers.csv'}' was not searched: denied."])


def test_commands_ran_in_the_working_folder_or_beside_the_runs(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(runs)
    assert list_working_folders([runs]) == [runs, tmp_path]


def test_a_command_that_ran_elsewhere_is_found_by_two_folders(runs):
    (runs / "answers.csv").write_text("path,label\npets/cats/1.png,cats\n")
    ((trace,), _) = find(runs, {ONE: ["/old/place/pets/cats/1.png"], TWO: ["/old/place/more/cats/1.png"]})
    assert trace.digests == (ONE,)
