"""``headstart evaluate``: accuracy with its interval, and labels that are unknown."""

import json

import pytest
from PIL import Image

from headstart.cli.evaluate import _print_groups


@pytest.mark.slow
def test_evaluate_prints_accuracy_with_its_interval(run, photos, headstart):
    answer = headstart("evaluate", run.folder, photos)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"Of all photos in {photos}, the 4 that the classifier was not trained on:")
    assert "\nAccuracy " in answer.stdout
    assert "95% interval" in answer.stdout
    record = json.loads(headstart("evaluate", run.folder, run.folder / "catalog.csv", "--json").stdout)
    assert record["split"] == "test"
    assert record["accuracy"] == run.metrics["test"]["accuracy"]
    assert [note["text"] for note in record["note_records"]] == record["notes"]


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ([12, 3], "3 more photos are in groups of fewer than 10 photos, or in none."),
        ([12, 1], "1 more photo is in a group of fewer than 10 photos, or in none."), ([12], ""),
    ],
)  # fmt: skip
def test_photos_of_groups_without_a_row_are_counted(sizes, told, capsys):
    by_group = [{"group": "site 1", "n": sizes[0], "accuracy": 0.5, "accuracy_ci95": [0.2, 0.8]}]
    _print_groups(by_group, sum(sizes))
    assert capsys.readouterr().err.strip() == told


def test_groups_that_are_all_small_are_told_if_groups_were_asked_for(capsys):
    _print_groups([], 20)
    assert capsys.readouterr().err == ""
    _print_groups([], 20, is_asked=True)
    assert capsys.readouterr().err.startswith("No group has 10 evaluated photos or more")


def test_evaluate_names_unknown_labels(run, photos, headstart, tmp_path):
    folder = tmp_path / "others"
    for number, label in enumerate(("dots", "stripe", "weeds")):
        (folder / label).mkdir(parents=True)
        (folder / label / "1.jpg").write_bytes((photos / "dots" / "000.jpg").read_bytes() + bytes([number]))
    answer = headstart("evaluate", run.folder, folder)
    assert answer.returncode == 0, answer.stderr
    assert "  1 photo of 'stripe' (did you mean 'stripes'?)\n  1 photo of 'weeds'\n" in answer.stderr
    (folder / "dots" / "1.jpg").unlink()
    nothing = headstart("evaluate", run.folder, folder)
    assert nothing.returncode == 1
    assert "its labels: 1 photo of 'stripe' (did you mean 'stripes'?); 1 photo of 'weeds'. It" in nothing.stderr


def test_evaluate_prints_how_many_strangers_are_refused(run, headstart, tmp_path):
    for n, colour in enumerate(("black", "white", "red")):
        Image.new("RGB", (90, 90), colour).save(tmp_path / f"{n}.png")
    command = ["evaluate", run.folder, run.folder / "catalog.csv", "--unknown", tmp_path / "0.png"]
    answer = headstart(*command, "--unknown", tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert "\nRefused   " in answer.stdout
    assert "\nStrangers: 3 photos, AUROC " in answer.stdout
    assert "\nshare   evaluated photos refused   strangers refused\n   5%   " in answer.stdout
    assert "not refused:" not in answer.stdout
    accepted = headstart(*command, "--refuse", "none")
    assert "\nRefused" not in accepted.stdout
    assert "\n1 of 1 strangers was not refused: 1 as '" in accepted.stdout
    assert f"The least strange:\n  {tmp_path / '0.png'}  " in accepted.stdout
    record = json.loads(headstart(*command, "--refuse", "20%", "--json").stdout)
    assert record["refusal"]["share"] == 0.2
    assert [row["share"] for row in record["unknown"]["shares"]] == [0.05, 0.1, 0.2]


def test_strangers_that_are_none_are_refused_in_one_line(run, headstart, tmp_path):
    for place, told in ((tmp_path, "holds no photo"), (tmp_path / "missing", "does not exist")):
        answer = headstart("evaluate", run.folder, run.folder / "catalog.csv", "--unknown", place)
        assert answer.returncode == 1
        assert answer.stderr.startswith(f"headstart: Cannot find photos: '{place}' {told}.")
        assert len(answer.stderr.splitlines()) == 1
