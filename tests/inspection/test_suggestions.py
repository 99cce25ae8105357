"""The result of a suggestion: JSON, text, and a CSV that no spreadsheet takes for formulas and that is never lost."""

import csv
import dataclasses
import json
from pathlib import Path

import pytest

from headstart.catalog.photo import Photo, Skip
from headstart.errors import RunError
from headstart.evaluation.notes import Note
from headstart.inspection.suggestions import Suggestion, Suggestions, save_text


@pytest.fixture
def suggestions(tmp_path):
    def make(name, **rest):
        return Suggestion(photo=Photo(str(tmp_path / name), "", digest="ab" * 32, split=None), **rest)

    shares = {"cats": 0.52, "dogs": 0.48}
    photos = (
        make("a.jpg", kind="undecided", reason="cats 52%, dogs 48%", guess="cats", probabilities=shares, novelty=0.3),
        make("b.jpg", kind="typical", reason="=typical", n_alike=7),
    )
    return Suggestions(
        photos=photos, source="new", run="pets", n_unlabelled=30, n_labelled=20, n_left_out=2,
        skipped=(Skip(Path("c.jpg"), "not a photo"),), notes=(Note("fewer-suggestions", "Few."),), seconds=1.23456,
    )  # fmt: skip


def test_json_has_all_fields(suggestions):
    record = json.loads(json.dumps(suggestions.to_dict()))
    assert (record["schema"], record["run"], record["n_left_out"], record["seconds"]) == (1, "pets", 2, 1.235)
    assert record["counts"] == {"typical": 1, "undecided": 1}
    first, second = record["photos"]
    assert (first["guess"], first["reason"], first["kind"]) == ("cats", "cats 52%, dogs 48%", "undecided")
    assert first["top"] == [{"label": "cats", "probability": 0.52}, {"label": "dogs", "probability": 0.48}]
    assert (second["guess"], second["top"], second["n_alike"]) == (None, [], 7)
    assert record["skipped"] == [{"path": "c.jpg", "reason": "not a photo"}]
    assert record["notes"] == ["Few."]


def test_the_command_trains_on_all_labels(suggestions):
    def write(**rest):
        place = {"csv": Path("runs/new two.csv"), "run": ""} | rest
        return dataclasses.replace(suggestions, **place).write_command()

    assert write() == "headstart train 'runs/new two.csv'"
    assert write(labelled=("a.csv", "a.csv")) == "headstart train a.csv 'runs/new two.csv'"
    assert write(run="pets", run_folder="runs/pets") == "headstart train runs/pets --add 'runs/new two.csv'"
    added = write(run="pets", run_folder="runs/pets", labelled=("a.csv",))
    assert added == "headstart train runs/pets --add a.csv --add 'runs/new two.csv'"
    assert write(run="model") == "headstart train LABELLED_PHOTOS 'runs/new two.csv'"  # a classifier file alone


def test_text_has_two_lines_a_photo(suggestions, tmp_path):
    assert suggestions.summary().splitlines() == [
        f"   1  {tmp_path / 'a.jpg'}  (cats?)", "      cats 52%, dogs 48%", f"   2  {tmp_path / 'b.jpg'}",
        "      =typical",
    ]  # fmt: skip
    assert "2 of 30 unlabelled" in repr(suggestions)


def test_the_csv_has_empty_labels(suggestions, tmp_path):
    suggestions.write_csv(tmp_path / "s.csv")
    with (tmp_path / "s.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["path", "label", "guess", "reason"], [str(tmp_path / "a.jpg"), "", "cats", "cats 52%, dogs 48%"],
            [str(tmp_path / "b.jpg"), "", "", "'=typical"],
        ]  # fmt: skip


def test_a_file_with_labels_is_not_replaced(suggestions, tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("labels")
    with pytest.raises(RunError, match=r"it exists already\. It may have labels that you filled in\. Give --overwrite"):
        suggestions.write_csv(path)
    assert path.read_text() == "labels"
    suggestions.write_csv(path, overwrite=True)
    assert path.read_text().startswith("path,label")
    with pytest.raises(RunError, match="It is a folder"):
        suggestions.write_csv(tmp_path, overwrite=True)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="Cannot write suggestions"):
        save_text(tmp_path / "file" / "s.csv", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
