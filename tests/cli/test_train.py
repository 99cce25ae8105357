"""``headstart train``: the verdict is on stderr, paths are on stdout, and --json prints JSON alone."""

import json


def test_verdict_and_path_of_the_report_are_printed(photos, tmp_path, headstart):
    answer = headstart("train", photos, "--out", tmp_path / "run", "--image-size", "96")
    assert answer.returncode == 0, answer.stderr
    assert f"Report:     {tmp_path / 'run' / 'report.html'}" in answer.stdout
    assert "95% interval" in answer.stderr
    assert "\nClasses: dots (" in answer.stderr


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


def test_cuts_are_listed_for_the_image_size(headstart):
    sizes = [headstart("train", "--list-cuts", *more).stdout.splitlines()[-1] for more in ([], ["--image-size", "96"])]
    assert ["7 x 7" in sizes[0], "3 x 3" in sizes[1]] == [True, True]


def test_options_without_effect_are_printed(photos, tmp_path, headstart):
    command = ["train", photos, "--image-size", "96", "--epochs", "5", "--cache-limit", "1GB"]
    told = headstart(*command, "--out", tmp_path / "run").stderr
    assert "Note: The option epochs 5 had no effect: no training above a cut was completed" in told
    assert "Note: The option cache_limit_gb (--cache-limit) 1.0 had no effect" in told
    again = headstart(*command, "--overwrite", cwd=tmp_path).stderr
    assert "Note: The option --overwrite had no effect: without --out a run gets a new name" in again


def test_without_data_the_status_is_2(headstart):
    done = headstart("train")
    assert done.returncode == 2
    assert "Missing argument 'DATA'" in done.stderr


def test_an_unknown_cut_gets_a_suggestion(headstart, make_folder):
    done = headstart("train", make_folder(n=4), "--cut", "block12")
    assert done.returncode == 1
    assert "Did you mean 'block_12'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_working_point_is_told_after_the_verdict(photos, tmp_path, headstart):
    command = ["train", photos, "--out", tmp_path / "run", "--image-size", "96", "--find", "99%", "--of", "dots"]
    done = headstart(*command)
    assert done.returncode == 0, done.stderr
    assert "Working point: the answer is 'dots' if its probability is at least " in done.stderr
    assert "Note: 99.0% of 'dots' cannot be promised: this needs 99 photos or more of the class outside" in done.stderr


def test_a_share_without_a_class_and_an_unknown_class_in_a_cost_are_refused(photos, tmp_path, headstart):
    done = headstart("train", photos, "--out", tmp_path / "run", "--find", "99%")
    assert "Cannot train: got a share to find (--find) without a class (--of): give both." in done.stderr
    done = headstart("train", photos, "--out", tmp_path / "run", "--cost", "dotts:stripes=3")
    assert "unknown class 'dotts' (did you mean 'dots'?)" in done.stderr
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_several_sources_are_arguments(photos, tmp_path, headstart):
    table = tmp_path / "more.csv"
    table.write_text(f"path,label\n{photos / 'dots' / '000.jpg'},dots\n")
    done = headstart("train", photos, table, "--out", tmp_path / "run", "--image-size", 96, "--method", "fixed")
    assert "1 photo of one source is in another one, too, and counts once." in done.stderr
    assert done.returncode == 0


def test_a_run_is_trained_again_with_photos_added_and_forgotten(run, photos, tmp_path, headstart):
    table = tmp_path / "more.csv"
    table.write_text(f"path,label\n{photos / 'dots' / '000.jpg'},dots\n")
    gone = photos / "dots" / "001.jpg"
    done = headstart("train", run.folder, "--add", table, "--forget", gone, "--out", tmp_path / "grown")
    assert done.returncode == 0, done.stderr
    assert "No photo was added, and 1 photo was forgotten (1 " in done.stderr
    record = json.loads((tmp_path / "grown" / "run.json").read_text())
    used = json.loads((run.folder / "run.json").read_text())["settings"]["used"]
    assert record["settings"]["used"] == used | {"precision": run.metrics["precision"]}
    assert record["arguments"]["forget"] == [str(gone)]
    done = headstart("train", run.folder)
    assert (done.returncode, "headstart replay trains it again" in done.stderr) == (1, True)
