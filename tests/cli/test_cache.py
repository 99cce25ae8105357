"""``headstart cache`` shows and clears the caches."""

import json
import os

import pytest


@pytest.mark.slow
def test_cache_shows_and_clears(tmp_path, photos, headstart):
    environment = os.environ | {"HEADSTART_CACHE": str(tmp_path / "cache")}
    headstart("train", photos, "--out", tmp_path / "run", "--image-size", "96", env=environment)
    shown = json.loads(headstart("cache", "--json", env=environment).stdout)
    strangers = json.loads((tmp_path / "run" / "metrics.json").read_text())["novelty"]["strangers"]
    n_strangers = strangers["n"] + (strangers["photos"] or {"n": 0})["n"]  # photos of the demo, if it is installed
    assert n_strangers >= 50
    assert shown["n_features"] == 28 + n_strangers
    assert shown["path"].startswith(str(tmp_path / "cache"))
    assert "Freed" in headstart("cache", "--clear", env=environment).stdout
    assert json.loads(headstart("cache", "--json", env=environment).stdout)["n_features"] == 0


def test_checkpoints_and_activations_are_counted_and_cleared(tmp_path, headstart):
    environment = os.environ | {"HEADSTART_CACHE": str(tmp_path)}
    paths = [tmp_path / "tuning-1" / "one.npz", tmp_path / "activations-1" / "one"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(bytes(3_000_000))
    record = json.loads(headstart("cache", "--json", env=environment).stdout)
    assert record["n_bytes"] == sum(record["n_bytes_by_part"].values()) >= 6_000_000
    assert record["n_bytes_by_part"]["checkpoints"] == record["n_bytes_by_part"]["activations"] == 3_000_000
    shown = headstart("cache", env=environment).stdout
    assert " 0 entries: one for each photo, network and view" in shown
    assert (
        len(
            [
                line
                for line in shown.splitlines()
                if line.split()[:2] in (["activations", "3.0"], ["checkpoints", "3.0"])
            ]
        )
        == 2
    )
    cleared = json.loads(headstart("cache", "--clear", "--json", env=environment).stdout)
    assert cleared["n_bytes_freed"] >= 6_000_000
    assert cleared["n_bytes"] < 1_000_000
    assert not any(path.exists() for path in paths)
