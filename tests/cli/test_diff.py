"""``headstart diff``: tables on stdout, everything in JSON."""

import json
import shutil


def test_a_run_and_its_copy(run, headstart, tmp_path):
    copy = shutil.copytree(run.folder, tmp_path / "copy")
    done = headstart("diff", run.folder, copy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Photos: 28 before, 28 after, 28 in both runs.\n")
    assert "another" not in done.stdout
    assert "Settings" not in done.stdout
    assert "test photos of both runs, both are right on the same photos.\n" in done.stdout


def test_lists_are_short_and_json_has_everything(run, headstart, tmp_path):
    copy = shutil.copytree(run.folder, tmp_path / "copy")
    record = json.loads((copy / "run.json").read_text())
    record["settings"]["used"] |= {"seed": 5, "cost": ["a:b=2", "b:a=3"]}
    (copy / "run.json").write_text(json.dumps(record))
    text = (copy / "catalog.csv").read_text()
    (copy / "catalog.csv").write_text(text.replace(",train,", ",validation,"))
    done = headstart("diff", run.folder, copy)
    assert "Settings (before, after):\n  --seed  0  5\n  --cost  -  a:b=2, b:a=3\n" in done.stdout
    n_train = run.metrics["train"]["n"]
    assert f"{n_train} photos have another split (before, after):\n" in done.stdout
    assert f"  and {n_train - 10} more, which --json lists\n" in done.stdout
    found = json.loads(headstart("diff", run.folder, copy, "--json").stdout)
    assert len(found["splits"]) == n_train
    assert found["settings"] == {"seed": [0, 5], "cost": [[], ["a:b=2", "b:a=3"]]}


def test_a_folder_without_a_run_is_one_line(run, headstart, tmp_path):
    done = headstart("diff", run.folder, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("headstart: Cannot open run")


def test_working_points_that_differ_are_printed(run, headstart, tmp_path):
    copy = shutil.copytree(run.folder, tmp_path / "copy")
    metrics = json.loads((copy / "metrics.json").read_text())
    label = metrics["classes"][0]
    cost = {"label": label, "answer": "b", "cost": 20.0}
    metrics["working_points"] = [{"label": label, "threshold": 1 / 21, "costs": [cost]}]
    (copy / "metrics.json").write_text(json.dumps(metrics))
    done = headstart("diff", run.folder, copy)
    assert f"Working points (before, after):\n  {label}  -  at least 4.8%, {label}:b=20\n" in done.stdout
