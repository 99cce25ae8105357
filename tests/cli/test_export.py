"""``headstart export``: one file, and what it proves."""

import json


def test_export_prints_its_certificate(run, photos, headstart, tmp_path):
    out = tmp_path / "pets.onnx"
    answer = headstart("export", run.folder, "--out", out, "--check", photos)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"Wrote {out} (9.1 MB, 2 labels inside).")
    assert "same label    28 of 28 photos (100.00%)" in answer.stdout
    assert "on the 8 it was not trained on and whose label it knows" in answer.stdout
    record = json.loads(
        headstart("export", run.folder, "--out", out, "--check", photos, "--overwrite", "--json").stdout
    )
    assert record["parity"]["label_agreement"] == 1
    assert record["parity"]["max_probability_gap"] < 0.01


def test_export_without_check_says_how_to_get_one(run, headstart, tmp_path):
    answer = headstart("export", run.folder, "--format", "openvino", "--out", tmp_path / "pets.xml")
    assert "give --check PHOTOS for proof" in answer.stdout
    again = headstart("export", run.folder, "--format", "openvino", "--out", tmp_path / "pets.xml")
    assert again.returncode == 1
    assert again.stderr.startswith("headstart: Cannot export to")
    assert "Traceback" not in again.stderr
