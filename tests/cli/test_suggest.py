"""``headstart suggest`` as a user types it, and the way from a suggestion to a run and back."""

import csv
import json

import pytest
from click.testing import CliRunner

from headstart.cli.app import app


@pytest.fixture
def folder(make_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_folder("new", n=16)


def invoke(command, *arguments):
    return CliRunner().invoke(app, [command, *map(str, arguments)])


def suggest(*arguments):
    return invoke("suggest", *arguments)


def fill(path, n=None):
    """Write the name of the folder as the label of the first ``n`` photos."""
    with path.open(newline="") as file:
        names, *rows = csv.reader(file)
    for row in rows[:n]:
        row[1] = row[0].split("/")[-2]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])


def test_it_prints_photos_and_writes_files(folder, tmp_path):
    done = suggest(folder, "--n", 4, "--image-size", 96)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:8:2]] == ["1", "2", "3", "4"]
    assert "typical of" in lines[1]
    assert "To fill in: runs/new-suggested.csv" in lines
    assert "Then:       headstart train runs/new-suggested.csv" in lines
    assert "32 photos without a label, compared with no photo with a label." in done.stderr
    assert (tmp_path / "runs" / "new-suggested.html").is_file()


def test_the_way_from_a_suggestion_to_a_run_and_back(folder, tmp_path):
    options = ("--image-size", 96)
    assert suggest(folder, "--n", 24, "--out", "first.csv", *options).exit_code == 0
    fill(tmp_path / "first.csv", 22)
    trained = invoke("train", "first.csv", "--out", "run", "--method", "fixed", *options)
    assert trained.exit_code == 0, trained.output
    assert "2 of 24 rows have no label yet, and were left out." in trained.stderr
    done = suggest("run", folder, "--n", 5, "--json")
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["run"] == "run"
    assert (record["n_left_out"], record["n_passed_over"], record["n_unlabelled"]) == (22, 2, 8)
    assert record["next"] == "headstart train run --add runs/run-suggested.csv"
    assert record["next"].removeprefix("headstart ") in (tmp_path / "runs" / "run-suggested.html").read_text()
    assert {one["guess"] for one in record["photos"]} <= {"dots", "stripes", "none of these"}
    with (tmp_path / "runs" / "run-suggested.csv").open(newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == [one["path"] for one in record["photos"]]
    fill(tmp_path / "runs" / "run-suggested.csv")
    grown = invoke(*record["next"].split()[1:])
    assert grown.exit_code == 0, grown.output
    assert "27 of the photos were chosen by headstart suggest: they are no random sample" in grown.stderr


def test_filled_in_labels_are_not_replaced(folder, tmp_path):
    options = ("--n", 3, "--image-size", 96, "--out", "s.csv")
    assert suggest(folder, *options).exit_code == 0
    fill(tmp_path / "s.csv")
    before = (tmp_path / "s.csv").read_text()
    refused = suggest(folder, *options)
    assert "It may have labels that you filled in" in str(refused.exception)
    assert (tmp_path / "s.csv").read_text() == before
    assert suggest(folder, *options, "--overwrite", "--labelled", "s.csv").exit_code == 0
    assert (tmp_path / "s.csv").read_text() != before


def test_options_that_a_run_decides_are_noted(folder, run):
    done = suggest(run.folder, folder, "--n", 2, "--image-size", 96, "--backbone", "mobilenet_v2", "--depth", 12)
    assert done.exit_code == 0, done.output
    for option in ("--backbone", "--image-size", "--depth"):
        assert f"Note: The option {option} had no effect: the run decides it." in done.stderr


def test_too_many_paths_are_a_usage_error(folder):
    done = suggest("a", "b", folder)
    assert done.exit_code == 2
    assert "Got 3 paths, need PHOTOS, or RUN and PHOTOS." in done.stderr
    assert suggest().exit_code == 2


def test_unreadable_photos_are_told(folder):
    (folder / "text.jpg").write_text("text")
    done = suggest(folder, "--n", 2, "--image-size", 96)
    assert "1 file left out, such as" in done.stderr
