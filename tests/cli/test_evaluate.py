"""``headstart evaluate``: accuracy with its interval, and labels that are unknown."""

import json

import pytest

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
