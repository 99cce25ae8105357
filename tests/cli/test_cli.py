"""The command line: what it prints where, and its exit status."""

import csv
import io
import json
import signal
import subprocess
import sys
import time

import pytest

import headstart as hs


def headstart(*arguments, **options):
    command = [sys.executable, "-m", "headstart", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


@pytest.fixture(scope="module")
def run(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("cli")
    return hs.train(paint_folder(base / "photos", n=14), out=base / "run", image_size=96, verbose=False)


@pytest.fixture
def photos(run):
    return run.folder.parent / "photos"


def test_help_and_version():
    answer = headstart("--help")
    assert answer.returncode == 0
    for verb in ("train", "predict", "evaluate", "demo", "cache"):
        assert verb in answer.stdout
    assert headstart("--version").stdout == f"headstart {hs.__version__}\n"


def test_train_says_the_verdict_and_where_the_report_is(photos, tmp_path):
    answer = headstart("train", photos, "--out", tmp_path / "run", "--image-size", "96")
    assert answer.returncode == 0, answer.stderr
    assert f"Report:     {tmp_path / 'run' / 'report.html'}" in answer.stdout
    assert "95% interval" in answer.stderr


def test_train_json_is_one_object_on_stdout(photos, tmp_path):
    answer = headstart("train", photos, "--out", tmp_path / "run", "--image-size", "96", "--json")
    record = json.loads(answer.stdout)
    assert record["method"] == "fixed"
    assert record["run"] == str(tmp_path / "run")


def test_predict_prints_a_table(run, photos):
    answer = headstart("predict", run.folder, photos / "dots" / "000.jpg", photos / "stripes")
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert len(lines) == 15
    assert lines[0].split()[:2] == [str(photos / "dots" / "000.jpg"), "dots"]


def test_predict_json_and_csv_agree(run, photos):
    record = json.loads(headstart("predict", run.folder, photos, "--format", "json").stdout)
    rows = list(csv.DictReader(io.StringIO(headstart("predict", run.folder, photos, "--format", "csv").stdout)))
    assert record["labels"] == ["dots", "stripes"]
    assert [p["label"] for p in record["predictions"]] == [row["label"] for row in rows]
    assert all(row["error"] == "" for row in rows)


def test_predict_takes_globs_and_draws_a_grid(run, photos, tmp_path):
    grid = tmp_path / "grid.png"
    answer = headstart("predict", run.folder / "model.onnx", f"{photos}/dots/00*.jpg", "--grid", grid)
    assert len(answer.stdout.splitlines()) == 10
    assert grid.read_bytes().startswith(b"\x89PNG")


def test_a_photo_that_cannot_be_read_is_a_row_and_status_1(run, photos, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"")
    answer = headstart("predict", run.folder, photos / "dots" / "000.jpg", broken, photos / "dots" / "001.jpg")
    assert answer.returncode == 1
    assert [("empty file" in line) for line in answer.stdout.splitlines()] == [False, True, False]
    assert "1 of 3 photos cannot be read" in answer.stderr


def test_evaluate_prints_accuracy_with_its_interval(run, photos):
    answer = headstart("evaluate", run.folder, photos)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"Of all photos in {photos}, the 8 that the classifier was not trained on:")
    assert "\nAccuracy " in answer.stdout
    assert "95% interval" in answer.stdout
    record = json.loads(headstart("evaluate", run.folder, run.folder / "catalog.csv", "--json").stdout)
    assert record["split"] == "test"
    assert record["accuracy"] == run.metrics["test"]["accuracy"]


def test_cache_shows_and_clears(tmp_path, photos):
    import os

    environment = os.environ | {"HEADSTART_CACHE": str(tmp_path / "cache")}
    headstart("train", photos, "--out", tmp_path / "run", "--image-size", "96", env=environment)
    shown = json.loads(headstart("cache", "--json", env=environment).stdout)
    assert shown["n_features"] == 28
    assert shown["path"].startswith(str(tmp_path / "cache"))
    assert "Freed" in headstart("cache", "--clear", env=environment).stdout
    assert json.loads(headstart("cache", "--json", env=environment).stdout)["n_features"] == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["train", "/nowhere/at/all"], 1, "does not exist"),
        (["train"], 2, "Missing argument"),
        (["train", ".", "--method", "magic"], 2, "magic"),
        (["train", ".", "--image-size", "50000"], 1, "96 to 512"),
        (["predict", "/nowhere.onnx", "a.jpg"], 1, "Cannot load classifier"),
        (["fly"], 2, "No such command"),
    ],
)
def test_mistakes_get_one_message_and_the_right_status(arguments, status, message, photos):
    answer = headstart(*(photos if argument == "." else argument for argument in arguments))
    assert answer.returncode == status
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_predict_names_places_without_photos(run, tmp_path):
    answer = headstart("predict", run.folder, tmp_path, "missing.jpg")
    assert answer.returncode == 1
    assert "holds no photo" in answer.stderr
    assert "'missing.jpg' does not exist" in answer.stderr


def test_a_damaged_classifier_is_one_sentence(run, photos, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes((run.folder / "model.onnx").read_bytes()[:-1000])
    answer = headstart("predict", path, photos)
    assert answer.returncode == 1
    assert "damaged" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_ctrl_c_says_what_is_kept(photos, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "headstart", "train", str(photos), "--out", str(tmp_path / "run"), "--no-cache"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(1.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped" in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
