"""``headstart replay``: the result, the photos that are missing, and the exit status."""

import json
import shutil


def test_replay_prints_what_is_the_same(run, headstart):
    done = headstart("replay", run.folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Found 28 of 28 photos by their content.\n")
    assert "Head              same bits\n" in done.stdout
    assert "metrics of 28 photos have the same bits.\n" in done.stdout


def test_a_changed_photo_is_named_with_status_1(run, photos, headstart, tmp_path):
    moved = shutil.copytree(photos, tmp_path / "moved")
    record = json.loads((run.folder / "run.json").read_text())
    record["photos"]["folder"] = str(moved)
    folder = shutil.copytree(run.folder, tmp_path / "run")
    (folder / "run.json").write_text(json.dumps(record))
    with (moved / "dots" / "003.jpg").open("ab") as file:
        file.write(b"\0")
    done = headstart("replay", folder)
    assert done.returncode == 1
    assert done.stdout == "Found 27 of 28 photos by their content.\n1 changed:\n  dots/003.jpg\n"
    assert "Nothing was trained. Give the folder of these photos" in done.stderr
    answer = headstart("replay", folder, "--json")
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["changed"] == ["dots/003.jpg"]


def test_a_changed_classifier_file_is_named_with_status_1(run, headstart, tmp_path):
    folder = shutil.copytree(run.folder, tmp_path / "run")
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    done = headstart("replay", folder)
    assert done.returncode == 1
    assert f"'{folder / 'model.onnx'}' is damaged, or another file than this run wrote.\n" in done.stdout
    assert "Classifier file   other bits\n" in done.stdout


def test_a_folder_without_a_run_is_one_line(headstart, tmp_path):
    done = headstart("replay", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("headstart: Cannot open run")
    assert "Traceback" not in done.stderr
