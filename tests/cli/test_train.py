"""``headstart train``: the verdict on stderr, where things are on stdout, JSON alone with --json."""

import json


def test_train_says_the_verdict_and_where_the_report_is(photos, tmp_path, headstart):
    answer = headstart("train", photos, "--out", tmp_path / "run", "--image-size", "96")
    assert answer.returncode == 0, answer.stderr
    assert f"Report:     {tmp_path / 'run' / 'report.html'}" in answer.stdout
    assert "95% interval" in answer.stderr


def test_train_json_is_one_object_on_stdout(photos, tmp_path, headstart):
    answer = headstart("train", photos, "--out", tmp_path / "run", "--image-size", "96", "--json")
    record = json.loads(answer.stdout)
    assert record["method"] == "fixed"
    assert record["run"] == str(tmp_path / "run")
    assert [note["text"] for note in record["note_records"]] == record["notes"]
    assert record["note_records"] == json.loads((tmp_path / "run" / "notes.json").read_text())


def test_cuts_are_listed_without_photos(headstart):
    done = headstart("train", "--list-cuts")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("pixels")
    assert lines[-1].split()[0] == "top"
    assert next(line for line in lines if "default of --method hybrid" in line).startswith("block_12")
    record = json.loads(headstart("train", "--list-cuts", "--json").stdout)
    assert record["default"] == "block_12"
    assert record["cuts"][0] == {"cut": "stem", "channels": 32, "stride": 2}


def test_without_photos_the_command_line_is_wrong(headstart):
    done = headstart("train")
    assert done.returncode == 2
    assert "Missing argument 'DATA'" in done.stderr


def test_a_cut_that_is_none_is_named(headstart, make_folder):
    done = headstart("train", make_folder(n=4), "--cut", "block12")
    assert done.returncode == 1
    assert "Did you mean 'block_12'?" in done.stderr
    assert "Traceback" not in done.stderr
