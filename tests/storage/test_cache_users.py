"""A command is seen as long as it runs, also by several others, and never after it was killed."""

import subprocess
import sys

import pytest

from headstart.storage.cache_users import FILE_NAME, is_cache_used, mark_cache_used


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    pytest.importorskip("fcntl")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_users_are_seen_until_the_last_one_ends(folder):
    assert not is_cache_used()
    assert not folder.exists()
    with mark_cache_used():
        assert is_cache_used()
        with mark_cache_used():
            assert is_cache_used()
        assert is_cache_used()
    assert not is_cache_used()


def test_a_killed_user_is_not_seen():
    script = (
        "import sys\nfrom headstart.storage.cache_users import mark_cache_used\n"
        "with mark_cache_used():\n    print('used', flush=True)\n    sys.stdin.readline()"
    )
    user = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert user.stdout.readline() == "used\n"
    assert is_cache_used()
    user.kill()
    user.communicate(timeout=60)
    assert not is_cache_used()


def test_a_cache_that_cannot_be_written_stops_nothing(folder):
    folder.write_text("a file")
    with mark_cache_used():
        assert not is_cache_used()
    folder.unlink()
    (folder / FILE_NAME).mkdir(parents=True)
    with mark_cache_used():
        assert not is_cache_used()


def test_a_command_that_starts_while_forget_asks_waits_and_is_seen(folder):
    import fcntl

    folder.mkdir()
    with (folder / FILE_NAME).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        script = (
            "from headstart.storage.cache_users import is_cache_used, mark_cache_used\nprint('asks', flush=True)\n"
            "with mark_cache_used():\n    print(is_cache_used())"
        )
        user = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert user.stdout.readline() == "asks\n"
        with pytest.raises(subprocess.TimeoutExpired, match="timed out"):
            user.wait(timeout=0.5)
    assert user.communicate(timeout=60)[0] == "True\n"
