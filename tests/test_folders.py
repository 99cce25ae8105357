"""Where the cache lies."""

from headstart.folders import find_cache_folder


def test_the_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    assert find_cache_folder() == tmp_path
    monkeypatch.delenv("HEADSTART_CACHE")
    assert find_cache_folder().name == "headstart"
