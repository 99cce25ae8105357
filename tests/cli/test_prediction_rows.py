"""The answers of ``headstart predict`` as a table, as CSV and as JSON."""

import csv
import io
from pathlib import Path

import pytest

from headstart.classifier.prediction import Prediction
from headstart.cli.prediction_rows import RULED, make_record, print_csv, print_table

PROBABILITIES = {"glass": 0.61, "metal": 0.33, "paper": 0.06}


def make_prediction(**facts):
    return Prediction(Path("a.jpg"), "glass", 0.61, PROBABILITIES, **facts)


def read_table(capsys, **facts):
    print_table(iter([make_prediction(**facts)]), [Path("a.jpg")], 2)
    return capsys.readouterr().out


def read_csv(capsys, prediction):
    print_csv(iter([prediction]), list(PROBABILITIES), None)
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    return [row[name] for name in ("label", "probability", *RULED)]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("cannot be decoded: broken data", "cannot be decoded: broken data"),
        ("cannot be read: no permission", "cannot be read: no permission"),
        ("the file is empty", "cannot be read: the file is empty"),
    ],
)
def test_the_reason_is_told_once(capsys, error, told):
    print_table(iter([Prediction(Path("a.jpg"), None, None, {}, error)]), [Path("a.jpg")], 3)
    assert capsys.readouterr().out == f"a.jpg  {told}\n"


def test_a_refused_photo_is_none_of_these_beside_the_nearest_class(capsys):
    assert read_table(capsys, novelty=0.001, is_known=False) == "a.jpg  none of these  (nearest: glass 61.0%)\n"
    assert read_table(capsys, novelty=0.3) == "a.jpg  glass 61.0%  metal 33.0%\n"
    refused = make_prediction(novelty=0.001, is_known=False)
    assert read_csv(capsys, refused) == ["glass", "0.610000", "none of these", "0.001000", "false", ""]
    record = make_record(refused, 3)
    assert (record["label"], record["answer"]) == ("glass", "none of these")
    assert (record["novelty"], record["is_known"], record["label_set"]) == (0.001, False, None)


def test_a_label_set_is_written_before_the_probabilities(capsys):
    some = {"novelty": 0.3, "label_set": ("glass", "metal")}
    assert read_table(capsys, **some) == "a.jpg  glass or metal  (glass 61.0%, metal 33.0%)\n"
    assert read_table(capsys, **some, is_known=False) == "a.jpg  none of these  (nearest: glass 61.0%)\n"
    known = make_prediction(**some)
    print_csv(iter([known]), list(PROBABILITIES), None)
    assert capsys.readouterr().out.splitlines()[0].split(",")[-5:] == ["decided_by", *RULED]
    assert read_csv(capsys, known) == ["glass", "0.610000", "glass", "0.300000", "true", "glass|metal"]
    assert make_record(known, 3)["label_set"] == ["glass", "metal"]


def test_a_photo_that_cannot_be_read_is_neither_known_nor_refused(capsys):
    broken = Prediction(Path("a.jpg"), None, None, {}, "empty file")
    assert read_csv(capsys, broken) == [""] * 6
    record = make_record(broken, 3)
    assert (record["answer"], record["novelty"], record["is_known"], record["label_set"]) == (None,) * 4


def test_labels_that_a_spreadsheet_takes_for_formulas_are_guarded_in_a_label_set(capsys):
    prediction = Prediction(Path("a.jpg"), "=1", 1.0, {"=1": 1.0}, label_set=("=1", "b"))
    print_csv(iter([prediction]), ["=1"], None)
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["answer"], row["label_set"]) == ("'=1", "'=1|b")
