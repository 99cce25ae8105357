"""``headstart predict``: tables, JSON, CSV, grids, and photos that cannot be read."""

import csv
import io
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from PIL import Image

from headstart.classifier.decision import Decision
from headstart.classifier.prediction import Prediction
from headstart.classifier.rules import AnswerRules
from headstart.cli.predict import predict
from headstart.cli.prediction_rows import RULED


def test_predict_prints_a_table(run, photos, headstart):
    answer = headstart("predict", run.folder, photos / "dots" / "000.jpg", photos / "stripes")
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert len(lines) == 15
    assert lines[0].split()[:2] == [str(photos / "dots" / "000.jpg"), "dots"]


def test_predict_json_and_csv_agree(run, photos, headstart):
    record = json.loads(headstart("predict", run.folder, photos, "--format", "json").stdout)
    rows = list(csv.DictReader(io.StringIO(headstart("predict", run.folder, photos, "--format", "csv").stdout)))
    assert record["labels"] == ["dots", "stripes"]
    assert [p["label"] for p in record["predictions"]] == [row["label"] for row in rows]
    assert all(row["error"] == "" for row in rows)


def test_top_limits_the_classes_of_each_format(run, photos, headstart):
    for n, top in ((1, ["--top", "1"]), (2, ["--top", "2"]), (2, ["--top", "9"])):
        answer = headstart("predict", run.folder, photos, "--format", "csv", *top)
        (row, *_) = csv.DictReader(io.StringIO(answer.stdout))
        names = [f"{name} {place}" for place in range(2, n + 1) for name in ("label", "probability")]
        assert list(row) == ["path", "label", "probability", *names, "error", "warning", "decided_by", *RULED]
        if n == 2:
            assert {row["label"], row["label 2"]} == {"dots", "stripes"}
            assert float(row["probability"]) + float(row["probability 2"]) == pytest.approx(1, abs=1e-5)
    (record, *_) = json.loads(headstart("predict", run.folder, photos, "--json", "--top", "1").stdout)["predictions"]
    assert [row["label"] for row in record["top"]] == [record["label"]]


def make_prediction(n_classes, error=None):
    probabilities = {} if error else {f"class {n}": 2.0**-n for n in range(1, n_classes + 1)}
    label, probability = next(iter(probabilities.items()), (None, None))
    return Prediction(Path("a.jpg"), label, probability, probabilities, error)


@pytest.mark.parametrize(("n_classes", "n_shown"), [(4, 3), (50, 3), (51, 5), (1000, 5)])
def test_of_many_classes_the_five_most_probable_are_printed(monkeypatch, tmp_path, n_classes, n_shown):
    class Fake:
        labels = tuple(f"class {n}" for n in range(1, n_classes + 1))
        precision = "f32"
        rules = AnswerRules(labels, None, None)
        metadata = SimpleNamespace(n_novelty_photos=None)

        def predict_iter(self, paths):
            return iter([make_prediction(n_classes), make_prediction(n_classes, "the file is empty")])

    monkeypatch.setattr("headstart.classifier.classifier.load_classifier", lambda *_, **__: Fake())
    Image.new("RGB", (90, 90)).save(tmp_path / "a.png")
    run = partial(CliRunner().invoke, predict)
    command = ["model.onnx", str(tmp_path / "a.png")]
    assert run(command).stdout.splitlines()[0].count("class ") == n_shown
    (record, _) = json.loads(run([*command, "--json"]).stdout)["predictions"]
    assert [row["label"] for row in record["top"]] == list(Fake.labels[:n_shown])
    read, broken = csv.DictReader(io.StringIO(run([*command, "--format", "csv"]).stdout))
    if n_classes <= 50:
        assert [key for key in read if key.startswith("probability of ")] == [
            f"probability of {x}" for x in Fake.labels
        ]
    else:
        assert [read["label"], *(read[f"label {n}"] for n in range(2, 6))] == list(Fake.labels[:5])
        assert len(read) == 18
    assert broken["error"] == "the file is empty"
    assert {text for key, text in broken.items() if key not in ("path", "error")} == {""}


def test_predict_takes_globs_and_draws_a_grid(run, photos, tmp_path, headstart):
    grid = tmp_path / "grid.png"
    answer = headstart("predict", run.folder / "model.onnx", f"{photos}/dots/00*.jpg", "--grid", grid)
    assert len(answer.stdout.splitlines()) == 10
    assert grid.read_bytes().startswith(b"\x89PNG")


def test_the_exit_status_of_photos_that_cannot_be_read_is_in_the_help(headstart):
    told = {verb: " ".join(headstart(verb, "--help").stdout.split()) for verb in ("predict", "train", "evaluate")}
    assert "The exit status is 1 if a photo cannot be read" in told["predict"]
    assert all("The exit status is then 0, unlike that of predict." in told[verb] for verb in ("train", "evaluate"))


def test_pictures_have_the_names_of_the_files(run, photos, tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr("headstart.report.figure_file.save_png", lambda titles, path: drawn.update({path.stem: titles}))
    monkeypatch.setattr("headstart.report.photo_grid.plot_photo_grid", lambda _, titles, **__: titles)
    arguments = [run.folder, photos / "dots" / "003.jpg", photos / "dots" / "004.jpg", photos / "stripes" / "003.jpg"]
    command = [*map(str, arguments), "--grid", str(tmp_path / "grid.png"), "--explain", str(tmp_path / "why.png")]
    predict.main(command, standalone_mode=False)
    names = ["dots/003.jpg", "004.jpg", "stripes/003.jpg"]
    assert [title.split("\n")[1] for title in drawn["grid"]] == names
    assert [title.split("\n")[1] for title in drawn["why"] if "\n" in title] == names


def test_a_grid_does_not_replace_a_photo_or_a_classifier(run, photos, tmp_path, headstart):
    photo = tmp_path / "photo.png"
    Image.new("RGB", (90, 90)).save(photo)
    for victim in (photo, run.folder / "model.onnx"):
        before = victim.read_bytes()
        answer = headstart("predict", run.folder, photo, "--grid", victim)
        assert answer.returncode == 1
        assert "Cannot write figure" in answer.stderr
        assert answer.stdout == ""
        assert victim.read_bytes() == before


def test_two_pictures_with_the_same_path_are_refused(run, photos, tmp_path, headstart):
    picture = tmp_path / "a.png"
    answer = headstart("predict", run.folder, photos, "--grid", picture, "--explain", tmp_path / "." / "a.png")
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"headstart: Cannot write figures: --grid and --explain are both '{picture}'")
    assert len(answer.stderr.splitlines()) == 1
    assert not picture.exists()


def test_an_export_is_refused_as_a_classifier(run, photos, tmp_path, headstart):
    headstart("export", run.folder, "--out", tmp_path / "pets.onnx")
    for verb in ("predict", "evaluate"):
        answer = headstart(verb, tmp_path / "pets.onnx", photos)
        assert answer.returncode == 1
        assert "it is an export, for other programs, and not a classifier. Give the model.onnx" in answer.stderr
        assert len(answer.stderr.splitlines()) == 1


def test_an_unreadable_photo_is_a_row_with_status_1(run, photos, tmp_path, headstart):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"")
    answer = headstart("predict", run.folder, photos / "dots" / "000.jpg", broken, photos / "dots" / "001.jpg")
    assert answer.returncode == 1
    assert [("empty file" in line) for line in answer.stdout.splitlines()] == [False, True, False]
    assert "1 of 3 photos cannot be read" in answer.stderr


def test_a_damaged_photo_is_named_in_every_format(run, photos, tmp_path, headstart):
    data = (photos / "dots" / "000.jpg").read_bytes()
    damaged, middle = tmp_path / "damaged.jpg", len(data) * 2 // 3
    damaged.write_bytes(data[:middle] + bytes(60) + data[middle + 60 :])
    table, as_json, as_csv = (
        headstart("predict", run.folder, damaged, "--format", kind) for kind in ("table", "json", "csv")
    )
    assert table.returncode == 0
    assert "(a part may be garbled: Corrupt JPEG data" in table.stdout
    assert json.loads(as_json.stdout)["predictions"][0]["warning"].startswith("Corrupt JPEG data")
    assert next(csv.DictReader(io.StringIO(as_csv.stdout)))["warning"].startswith("Corrupt JPEG data")


@pytest.mark.skipif(sys.platform == "win32", reason="a name of Windows has no end of a line")
def test_a_name_takes_one_line_of_the_table_and_is_no_formula_of_the_csv(run, photos, tmp_path, headstart):
    """A name with an end of a line could show a row with another answer."""
    names = ["=1+1.jpg", "two\nlines.jpg", "a;-1.jpg"]
    for name in names:
        (tmp_path / name).write_bytes((photos / "dots" / "000.jpg").read_bytes())
    (tmp_path / "empty\n.jpg").touch()
    paths = [name.replace("\n", "\\n") for name in names]
    table = headstart("predict", run.folder, *names, "empty\n.jpg", cwd=tmp_path)
    assert [line.split(".jpg ")[0] + ".jpg" for line in table.stdout.splitlines()] == [*paths, "empty\\n.jpg"]
    _, failure = table.stderr.splitlines()
    assert failure == "headstart: 1 of 4 photos cannot be read, such as 'empty\\n.jpg': empty file."
    rows = list(csv.reader(io.StringIO(headstart("predict", run.folder, *names, "--format=csv", cwd=tmp_path).stdout)))
    assert [row[0] for row in rows[1:]] == ["'=1+1.jpg", "two\nlines.jpg", "a;'-1.jpg"]


def test_paths_without_photos_are_named(run, tmp_path, headstart):
    answer = headstart("predict", run.folder, tmp_path, "missing.jpg")
    assert answer.returncode == 1
    assert "holds no photo" in answer.stderr
    assert "'missing.jpg' does not exist" in answer.stderr


@pytest.mark.slow
def test_an_int8_classifier_refuses_bf16_in_one_line(photos, tmp_path, headstart):
    trained = headstart("train", photos, "--out", tmp_path / "run", "--image-size", "96", "--precision", "int8")
    assert trained.returncode == 0, trained.stderr
    answers = [headstart("predict", tmp_path / "run", photos, "--precision", name) for name in ("auto", "f32", "bf16")]
    assert answers[0].stdout == answers[1].stdout
    told = "Note: The option --precision f32 had no effect: the classifier is quantised, and always computes in int8."
    assert [told in answer.stderr for answer in answers] == [False, True, False]
    assert answers[2].returncode == 1
    assert answers[2].stderr.startswith("headstart: Cannot compute in bf16: got a network that is quantised to int8")
    assert len(answers[2].stderr.splitlines()) == 1


def test_a_damaged_classifier_is_refused_in_one_line(run, photos, tmp_path, headstart):
    path = tmp_path / "model.onnx"
    path.write_bytes((run.folder / "model.onnx").read_bytes()[:-1000])
    answer = headstart("predict", path, photos)
    assert answer.returncode == 1
    assert "damaged" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_explanations_are_drawn(run, photos, headstart, tmp_path):
    from PIL import Image

    answer = headstart("predict", run.folder, photos, "--explain", tmp_path / "why.png")
    assert answer.returncode == 0, answer.stderr
    assert "Explanations: " in answer.stderr
    with Image.open(tmp_path / "why.png") as picture:
        assert picture.width > 1200


def test_pictures_are_drawn_even_if_the_reader_stops_reading(run, photos, tmp_path):
    pictures = [tmp_path / "grid.png", tmp_path / "why.png"]
    command = [sys.executable, "-m", "headstart", "predict", run.folder, *[photos] * 50, "--grid", pictures[0],
               "--explain", pictures[1]]  # fmt: skip
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert all(picture.exists() for picture in pictures)


def test_the_answer_of_a_working_point_is_told_in_every_format(run, photos, tmp_path, headstart, set_decision):
    model = set_decision(run.folder, tmp_path / "model.onnx", Decision(label="stripes", threshold=0.0))
    why = "by the working point of 'stripes': at least 0.0%"
    photo = photos / "dots" / "003.jpg"
    grid = tmp_path / "grid.png"
    answer = headstart("predict", model, photo, "--grid", grid)
    assert "  stripes " in answer.stdout
    assert answer.stdout.strip().endswith(f"({why})")
    assert f"* not the most probable class, but the answer {why}." in answer.stderr
    (record,) = json.loads(headstart("predict", model, photo, "--json").stdout)["predictions"]
    assert (record["label"], record["decided_by"]) == ("stripes", why)
    assert [row["label"] for row in record["top"]] == ["stripes", "dots"]
    assert record["probability"] == record["top"][0]["probability"] < record["top"][1]["probability"]
    (row,) = csv.DictReader(io.StringIO(headstart("predict", model, photo, "--format", "csv").stdout))
    assert (row["label"], row["decided_by"]) == ("stripes", why)
    assert row["probability"] == row["probability of stripes"]


def test_strangers_are_none_of_these_and_the_rule_is_told_once(run, photos, tmp_path, headstart):
    black = tmp_path / "black.png"
    Image.new("RGB", (200, 200)).save(black)
    answer = headstart("predict", run.folder, black, photos / "dots" / "000.jpg")
    lines = answer.stdout.splitlines()
    assert "  none of these  (nearest: " in lines[0]
    assert lines[1].split()[1] == "dots"
    assert answer.stderr.splitlines() == [
        "Note: Photos stranger than 95% of the classifier's own photos are refused as 'none of these': a share of 5% "
        "(1% needs 99 photos that measure it, and there were 24). --refuse changes it.",
        "1 of 2 photos was refused: 'none of these'.",
    ]
    for share, refused in (("10%", [False, True]), ("none", [True, True]), ("0", [True, True])):
        some = headstart("predict", run.folder, black, photos / "dots" / "000.jpg", "--refuse", share, "--json")
        record = json.loads(some.stdout)
        assert record["refused_share"] == (0.1 if share == "10%" else None)
        assert [row["is_known"] for row in record["predictions"]] == refused
        assert "Note: Photos stranger" not in some.stderr
    assert [row["answer"] for row in record["predictions"]] == [row["label"] for row in record["predictions"]]


def test_refused_photos_are_counted_among_those_that_can_be_read(run, photos, tmp_path, headstart):
    black, broken = tmp_path / "black.png", tmp_path / "broken.jpg"
    Image.new("RGB", (200, 200)).save(black)
    broken.write_bytes(b"")
    answer = headstart("predict", run.folder, black, broken, photos / "dots" / "000.jpg")
    assert "1 of 2 readable photos was refused: 'none of these'." in answer.stderr.splitlines()


def test_without_a_novelty_test_it_is_told_that_nothing_is_refused(photos, tmp_path, run, headstart, drop_novelty):
    model = drop_novelty(run.folder, tmp_path / "model.onnx")
    answer = headstart("predict", model, photos / "dots" / "000.jpg", "--json")
    assert answer.stderr.startswith("Note: No photo is refused: the classifier cannot tell how strange a photo is, ")
    (row,) = json.loads(answer.stdout)["predictions"]
    assert (row["novelty"], row["is_known"], row["answer"]) == (None, True, row["label"])
    refused = headstart("predict", model, photos, "--refuse", "5%")
    assert refused.returncode == 1
    assert refused.stderr.startswith("headstart: Cannot refuse photos: got a classifier that cannot tell how strange")
    assert len(refused.stderr.splitlines()) == 1


def test_label_sets_are_told_with_their_level_and_what_is_expected(run, photos, headstart):
    record = json.loads(headstart("predict", run.folder, photos, "--sets", "80%", "--json").stdout)
    assert record["sets"]["level"] == 0.8
    assert record["sets"]["expected"] >= 0.8
    assert all(row["label"] in row["label_set"] for row in record["predictions"] if row["is_known"])
    assert all(row["label_set"] is None for row in record["predictions"] if not row["is_known"])
    told = headstart("predict", run.folder, photos, "--sets", "80%").stderr
    assert re.search(
        r"Note: The most probable label alone was right for .* held-out photos \(.*%\), more than 80%", told
    )
    few = headstart("predict", run.folder, photos, "--sets", "99%")
    assert few.returncode == 1
    assert few.stderr.startswith("headstart: Cannot promise the right label in 99% of the sets: this needs 99 held-out")


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--refuse", "200%", "is not a share"), ("--refuse", "x", "is not a share"), ("--refuse", "", "is not a share"),
        ("--refuse", "-1%", "is not a share"), ("--refuse", "nan", "is not a share"),
        ("--refuse", "100%", "is all photos"), ("--refuse", "1", "is all photos"),
        ("--sets", "100%", "cannot be promised"),
        ("--sets", "0", "cannot be promised"), ("--sets", "x", "is not a share"), ("--sets", "none", "is not a share"),
    ],
)  # fmt: skip
def test_a_share_that_is_none_is_refused(tmp_path, option, value, told):
    answer = CliRunner().invoke(predict, ["model.onnx", str(tmp_path), option, value])
    assert answer.exit_code == 2
    assert f"Invalid value for '{option}': '{value}' {told}" in answer.stderr
