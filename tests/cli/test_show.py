"""``headstart show``: the parts of a classifier, as text, as JSON, and as a table on a terminal."""

import json
import shutil

from headstart.classifier.classifier import load_classifier
from headstart.classifier.file import read_classifier
from headstart.classifier.summary import summarise_classifier
from headstart.cli import show


def test_show_prints_the_verdict_and_the_parts(run, headstart):
    answer = headstart("show", run.folder)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(run.verdict)
    rows = [line.split() for line in answer.stdout.splitlines()]
    assert ["stem", "48", "x", "48", "x", "32", "992", "frozen"] in rows
    assert "\nLabels      2: dots, stripes\n" in answer.stdout
    n = run.metrics["train"]["n"] + run.metrics["validation"]["n"]
    assert f"\nFitted to   {n} different photos (train+validation)\n" in answer.stdout
    assert " ms a photo on this machine" in answer.stdout
    assert "\nRefused     Photos stranger than 95% of the classifier's own photos are refused" in answer.stdout
    assert "\nLabel sets  up to " in answer.stdout
    assert "\x1b" not in answer.stdout


def test_show_as_json_of_a_classifier_alone_has_no_verdict(run, headstart, tmp_path):
    shutil.copy(run.folder / "model.onnx", tmp_path / "pets.onnx")
    record = json.loads(headstart("show", tmp_path / "pets.onnx", "--json").stdout)
    assert record["verdict"] is None
    assert record["labels"] == ["dots", "stripes"]
    assert record["ms_per_photo"] > 0
    assert record["n_trained"] + record["n_frozen"] == record["n_parameters"]
    assert record["n_fitted"] == len(load_classifier(run.folder).metadata.trained_on)


def test_a_folder_that_is_no_run_is_refused_in_one_line(headstart, tmp_path):
    answer = headstart("show", tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("headstart: Cannot load classifier")
    assert answer.stderr.count("\n") == 1


def test_on_a_terminal_the_parts_are_a_table(run, capsys):
    record = summarise_classifier(read_classifier(run.folder))
    show._print_table(record | {"labels": ["a\x1b[2J", "b"]})
    printed = capsys.readouterr().out
    assert "┃ Part" in printed
    assert "a\\x1b[2J" in printed
