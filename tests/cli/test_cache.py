"""``headstart cache``: shows and clears."""

import json
import os


def test_cache_shows_and_clears(tmp_path, photos, headstart):
    environment = os.environ | {"HEADSTART_CACHE": str(tmp_path / "cache")}
    headstart("train", photos, "--out", tmp_path / "run", "--image-size", "96", env=environment)
    shown = json.loads(headstart("cache", "--json", env=environment).stdout)
    assert shown["n_features"] == 28
    assert shown["path"].startswith(str(tmp_path / "cache"))
    assert "Freed" in headstart("cache", "--clear", env=environment).stdout
    assert json.loads(headstart("cache", "--json", env=environment).stdout)["n_features"] == 0
