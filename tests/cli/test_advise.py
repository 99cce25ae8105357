"""``headstart advise`` as a user types it."""

import json


def test_it_prints_json_and_draws(headstart, make_folder, tmp_path):
    done = headstart(
        "advise", make_folder(n=20), "--image-size", 96, "--json", "--picture", "a/quadrant.png", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert {"method", "cut", "quadrant", "similarity", "n_photos", "n_per_class", "evidence", "methods"} <= set(record)
    assert (tmp_path / "a" / "quadrant.png").read_bytes().startswith(b"\x89PNG")


def test_it_says_what_to_type(headstart, make_folder, tmp_path):
    done = headstart("advise", make_folder(n=20), "--image-size", 96, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    advice = next(line for line in done.stdout.splitlines() if line.startswith("Advice: --method "))
    assert ("--train-norms" in advice) == ("fixed" not in advice)
    assert (tmp_path / "runs" / "photos-advice.png").exists()
    assert "Traceback" not in done.stderr
