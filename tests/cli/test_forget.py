"""``headstart forget``: a table on stdout, a statement in a file, and exit status 1 if a store was in use."""

import hashlib
import json
import os
import subprocess
import sys

import pytest


@pytest.fixture
def environment(tmp_path):
    return os.environ | {"HEADSTART_CACHE": str(tmp_path / "cache")}


@pytest.fixture
def pets(run, headstart, environment, tmp_path):
    """A run in ``runs``, whose photos are in a cache of its own."""
    photos = run.folder.parent / "photos"
    done = headstart("train", photos, "--method", "fixed", "--image-size", "96", env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return sorted(photos.rglob("*.*"))


@pytest.mark.slow
def test_a_photo_is_forgotten_with_a_statement(pets, headstart, environment, tmp_path):
    done = headstart("forget", pets[0], pets[1], "--out", "s.json", env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"Removed all of 2 photos from the cache '{tmp_path / 'cache'}'."
    assert lines[1].split()[:2] == ["features", "2"]
    assert any(line.startswith("runs/photos holds 2 photos: ") for line in lines)
    (command,) = [line for line in lines if line.startswith("  To train without them: ")]
    assert command.endswith(" --out runs/photos-without")
    assert command.count("--forget") == 2
    assert done.stderr == "Statement: s.json\n"
    record = json.loads((tmp_path / "s.json").read_text())
    assert record["n_photos"] == 2
    assert record["is_complete"]
    (tmp_path / "list.txt").write_text(f"{pets[0]}\n{pets[3]}\n")
    again = headstart("forget", "--list", "list.txt", "--runs", "runs", "--json", env=environment, cwd=tmp_path)
    printed = json.loads(again.stdout)
    assert [photo["removed_rows"]["features"] for photo in printed["photos"]] == [0, 1]
    (statement,) = tmp_path.glob("headstart-forget-*.json")
    assert json.loads(statement.read_text()) == printed


@pytest.mark.slow
def test_a_cache_in_use_is_exit_status_1_and_a_statement(pets, headstart, environment, tmp_path):
    script = (
        "import sys\nfrom headstart.features.feature_cache import FeatureCache\n"
        "with FeatureCache() as cache:\n    print(cache.count(), flush=True)\n    sys.stdin.readline()"
    )
    command = [sys.executable, "-c", script]
    other = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert int(other.stdout.readline()) > 0
    done = headstart("forget", pets[0], "--out", "s.txt", env=environment, cwd=tmp_path)
    other.communicate("\n", timeout=60)
    assert done.returncode == 1
    assert "headstart: Not everything was removed: features: another program has it open" in done.stderr
    assert "Wait until the other programs are done, and run the same command again" in done.stderr
    assert (tmp_path / "s.txt").read_text().startswith("Not everything of 1 photo was removed")
    assert headstart("forget", pets[0], "--out", "t.txt", env=environment, cwd=tmp_path).returncode == 0


def test_another_command_that_is_running_is_exit_status_1(photos, headstart, environment, tmp_path):
    pytest.importorskip("fcntl")
    script = (
        "from headstart.cli import app\napp.train.callback = lambda **_: (print('on', flush=True), input())\n"
        f"app.app(['train', {str(photos)!r}], standalone_mode=False)"
    )
    command = [sys.executable, "-c", script]
    other = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "on\n"
    photo = next(photos.rglob("*.*"))
    done = headstart("forget", photo, "--out", "s.json", env=environment, cwd=tmp_path)
    other.communicate("\n", timeout=60)
    assert done.returncode == 1
    assert "cache: a command of headstart is running and may write the same again" in done.stderr
    assert not json.loads((tmp_path / "s.json").read_text())["is_complete"]
    again = headstart("forget", photo, "--out", "t.json", env=environment, cwd=tmp_path)
    assert again.returncode == 0, again.stderr


def test_what_was_not_cached_is_said(photos, headstart, environment, tmp_path):
    photo = next(photos.rglob("*.*"))
    done = headstart("forget", photo, "--out", "s.json", env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Nothing of 1 photo was in the cache '{tmp_path / 'cache'}'.\nNo folder of runs")


def test_a_statement_is_written_although_nobody_reads_the_output(photos, headstart, environment, tmp_path):
    photo = next(photos.rglob("*.*"))
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "headstart", "forget", str(photo), "--out", "s.txt"]
    subprocess.run(command, env=environment, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert hashlib.sha256(photo.read_bytes()).hexdigest() in (tmp_path / "s.txt").read_text()


def test_bad_input_is_one_sentence(headstart, environment, tmp_path):
    nothing = headstart("forget", env=environment, cwd=tmp_path)
    assert nothing.returncode == 2
    assert "Give at least one PHOTO, or a --list of them." in nothing.stderr
    missing = headstart("forget", "no.jpg", env=environment, cwd=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr.startswith(
        f"headstart: Cannot forget photos: '{tmp_path / 'no.jpg'}': does not exist. Nothing"
    )
    (tmp_path / "empty.txt").write_text("\n")
    empty = headstart("forget", "--list", "empty.txt", env=environment, cwd=tmp_path)
    assert empty.returncode == 1
    assert "it names no photo" in empty.stderr
    assert list(tmp_path.glob("headstart-forget-*")) == []
