"""``headstart export``: one file, and the result of its check."""

import json
import re
import shutil

import pytest
from click.testing import CliRunner

from headstart.cli.export import export
from headstart.errors import DisagreementError
from headstart.exports.agreement import judge_agreement


@pytest.mark.slow
def test_export_prints_its_certificate(run, photos, headstart, tmp_path):
    out = tmp_path / "pets.onnx"
    answer = headstart("export", run.folder, "--out", out, "--check", photos)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"Wrote {out} (9.1 MB, 2 labels inside).")
    assert "same label    28 of 28 photos (100.00%)" in answer.stdout
    assert "of unseen   4 of 4 (100.00%): not trained on" in answer.stdout
    assert "decided     on all photos, because only 4 are not trained on" in answer.stdout
    assert re.search(r"for a photo   classifier in f32 [0-9.]+ ms, export [0-9.]+ ms, decoding included", answer.stdout)
    assert "on the 4 photos not trained on with known labels" in answer.stdout
    assert (
        "  decision      accepted: 0 of 28 photos differ, so 0.0% to 8.8% of all may; the limit is 0.5%"
        in answer.stdout
    )
    assert answer.stdout.count("too few to decide, about 511 more would decide\n") == 2
    assert "    refusals    0 of 28 photos differ, so 0.0% to 8.8% of all may; the limit is 0.5%" in answer.stdout
    assert re.search(
        r"  none of these (\d) photos by the classifier, \1 by the export, 0 of them by one", answer.stdout
    )
    assert (
        "Its output novelty is 0.05 or less for 5% of the classifier's own photos: refuse such photos as 'none "
        "of these'. This rule is in its metadata, under novelty.\n" in answer.stdout
    )
    record = json.loads(
        headstart("export", run.folder, "--out", out, "--check", photos, "--overwrite", "--json").stdout
    )
    assert record["parity"]["label_agreement"] == 1
    assert record["parity"]["max_probability_gap"] < 0.01


def test_export_without_check_names_the_option(run, headstart, tmp_path):
    answer = headstart("export", run.folder, "--format", "openvino", "--out", tmp_path / "pets.xml")
    assert "give --check PHOTOS to compare" in answer.stdout
    again = headstart("export", run.folder, "--format", "openvino", "--out", tmp_path / "pets.xml")
    assert again.returncode == 1
    assert again.stderr.startswith("headstart: Cannot export to")
    assert "Traceback" not in again.stderr


def test_export_takes_the_layout_that_its_refusal_recommends(run, photos, headstart, tmp_path):
    for year in ("2023", "2024"):
        shutil.copytree(photos, tmp_path / "photos" / year)
    command = ["export", run.folder, "--out", tmp_path / "pets.onnx", "--check", tmp_path / "photos"]
    refused = headstart(*command)
    assert refused.returncode == 1
    assert "Give --layout outer" in refused.stderr
    done = headstart(*command, "--layout", "inner")
    assert done.returncode == 0, done.stderr
    assert "same label    28 of 28 photos" in done.stdout or "same label    56 of 56 photos" in done.stdout


def test_export_takes_the_columns_of_a_table(run, photos, headstart, tmp_path):
    rows = [f"{file},{file.parent.name}\n" for file in sorted(photos.rglob("*.jpg"))]
    (tmp_path / "pets.csv").write_text("where,what\n" + "".join(rows))
    command = ["export", run.folder, "--out", tmp_path / "pets.onnx", "--check", tmp_path / "pets.csv"]
    done = headstart(*command, "--path-column", "where", "--label-column", "what")
    assert done.returncode == 0, done.stderr
    assert f"same label    {len(rows)} of {len(rows)} photos" in done.stdout


def test_export_names_options_without_effect(run, photos, headstart, tmp_path):
    done = headstart("export", run.folder, "--out", tmp_path / "pets.onnx", "--force", "--calibrate", photos)
    assert done.returncode == 0, done.stderr
    assert "Note: The option --force had no effect: without --check nothing is compared" in done.stderr
    assert "Note: The option --calibrate had no effect: only --int8 quantises." in done.stderr


def test_export_names_unknown_labels(run, photos, headstart, tmp_path):
    folder = tmp_path / "others"
    for label in ("Dots", "weeds"):
        (folder / label).mkdir(parents=True)
        (folder / label / "1.jpg").write_bytes((photos / "dots" / "000.jpg").read_bytes() + label.encode())
    answer = headstart("export", run.folder, "--out", tmp_path / "pets.onnx", "--check", folder)
    assert "  unknown label 1 photo of 'Dots' (did you mean 'dots'?), not in the accuracy\n" in answer.stdout
    assert "1 photo of 'weeds', not in the accuracy\n" in answer.stdout


@pytest.mark.slow
def test_export_prints_the_number_of_calibration_photos(run, photos, headstart, tmp_path):
    path = tmp_path / "pets.onnx"
    checked = headstart("export", run.folder, "--out", path, "--int8", "--check", photos)
    assert "quantised     on 28 photos, 24 of them training photos\n" in checked.stdout
    alone = headstart("export", run.folder, "--out", path, "--int8", "--calibrate", photos, "--overwrite")
    assert "It was not checked" in alone.stdout


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_refused_export_prints_the_comparison(monkeypatch, options):
    accuracy = {"accuracy": 0.9, "accuracy_ci95": [0.8, 0.95]}
    parity = {
        "label_agreement": 0.9, "n_disagreeing": 10, "max_probability_gap": 0.5, "mean_probability_gap": 0.1,
        "n_unseen": 100, "is_decided_on_unseen": True,
        "calibrated_on": {"n": 1, "n_trained_on": 0}, "n_refused": None,
    }  # fmt: skip
    report = {
        "path": "pets.onnx", "data": "pets", "n": 100, "precision": "f32", "parity": parity, "labels": ["a", "b"],
        "accuracy": {"n": 100, "n_lost": 5, "n_won": 5, "classifier": accuracy, "export": accuracy},
        "agreement": judge_agreement(10, 100, most=0.02).to_dict(), "refusal_agreement": None, "unknown_labels": {},
        "ms_per_photo": {"classifier": 1.0, "export": 2.0}, "skipped": [{"path": "x.jpg", "reason": "is empty"}],
    }  # fmt: skip

    def refuse(*told, **options):
        raise DisagreementError("Cannot export to 'pets.onnx': too many photos differ.", report)

    monkeypatch.setattr("headstart.exports.export.export_classifier", refuse)
    result = CliRunner().invoke(export, ["model.onnx", *options])
    assert isinstance(result.exception, DisagreementError)
    if options:
        assert json.loads(result.stdout)["agreement"]["is_refused"]
        return
    assert result.stdout.startswith("Checked on 100 photos of pets:\n  same label    90 of 100 photos (90.00%)\n")
    assert "  decision      refused: 10 of 100 unseen photos differ, so 6.1% to 16.0% of all may" in result.stdout
    assert "  quantised     on 1 photo, 0 of them training photos\n" in result.stdout
    assert "  left out      1 file, such as 'x.jpg': is empty\n" in result.stdout


def test_help_describes_every_format(headstart):
    told = " ".join(headstart("export", "--help").stdout.split())
    assert all(f" {name}: " in told for name in ("onnx", "openvino", "litert", "keras", "html"))
