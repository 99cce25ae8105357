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
