"""Broken on purpose: each thing is answered in a sentence, nothing is lost, and no photo is changed."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image


def digest_all(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def odd_folder(make_folder):
    """A folder with every odd file of the issue, beside good ones."""
    folder = make_folder()
    dots = folder / "dots"
    good = (dots / "000.jpg").read_bytes()
    (dots / "truncated.jpg").write_bytes(good[: len(good) // 2])
    (dots / "empty.jpg").write_bytes(b"")
    (dots / "text.jpg").write_text("dear diary, today I was renamed to .jpg")
    image = Image.open(dots / "001.jpg")
    image.convert("P").save(dots / "really_a_gif.jpg", "GIF")
    image.convert("CMYK").save(dots / "cmyk.jpg", "JPEG")
    Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257).save(dots / "sixteen_bit.png")
    palette = image.convert("P", palette=Image.Palette.ADAPTIVE)
    palette.save(dots / "palette_alpha.png", transparency=3)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(dots / "rotated.jpg", exif=exif)
    (folder / "stripes" / os.fsdecode(b"not utf-8 \xff.jpg")).write_bytes(
        (folder / "stripes" / "000.jpg").read_bytes() + b"\0"
    )
    return folder


@pytest.mark.slow
def test_odd_files(odd_folder, tmp_path, headstart):
    before = digest_all(odd_folder)
    answer = headstart("train", odd_folder, "--out", tmp_path / "run", "--image-size", "96", "--json")
    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr
    metrics = json.loads(answer.stdout)
    reasons = {os.path.basename(skip["path"]): skip["reason"] for skip in metrics["skipped"]}  # noqa: PTH119
    assert set(reasons) == {"truncated.jpg", "empty.jpg", "text.jpg"}
    assert "truncated" in reasons["truncated.jpg"]
    assert "empty" in reasons["empty.jpg"]
    assert "not a photo" in reasons["text.jpg"]
    assert sum(metrics[split]["n"] for split in ("train", "validation", "test")) == 46
    assert digest_all(odd_folder) == before
    again = headstart("predict", tmp_path / "run", odd_folder / "dots")
    assert again.returncode == 1
    assert len(again.stdout.splitlines()) == 28
    assert "3 of 28 photos cannot be read" in again.stderr


def test_one_class(make_folder, tmp_path, headstart):
    assert_refused(headstart("train", make_folder(labels=("dots",)), "--out", tmp_path / "run"), "at least 2")
    assert not (tmp_path / "run").exists()


def test_an_empty_folder(tmp_path, headstart):
    (tmp_path / "empty").mkdir()
    assert_refused(headstart("train", tmp_path / "empty", cwd=tmp_path), "Cannot scan")
    assert not (tmp_path / "runs").exists()


def test_a_missing_folder(tmp_path, headstart):
    assert_refused(headstart("train", tmp_path / "missing", cwd=tmp_path), "does not exist")
    assert not (tmp_path / "runs").exists()


def test_an_output_that_cannot_be_written(make_folder, headstart):
    # /proc is read-only for everyone, the superuser included
    assert_refused(headstart("train", make_folder(), "--out", "/proc/run"), "Choose another --out")


def test_a_class_that_only_the_test_split_has(make_folder, tmp_path, headstart):
    train = make_folder("pets/train", labels=("dots", "stripes"), n=12)
    make_folder("pets/test", labels=("rings",), n=4)
    for label in ("dots", "stripes"):
        source = make_folder(f"more/{label}", labels=(label,), n=20) / label
        (tmp_path / "pets/test" / label).mkdir()
        for path in sorted(source.iterdir())[12:]:
            shutil.copy(path, tmp_path / "pets/test" / label)
    answer = headstart("train", train.parent, "--out", tmp_path / "run", "--image-size", "96", "--json")
    assert answer.returncode == 0, answer.stderr
    metrics = json.loads(answer.stdout)
    assert metrics["classes"] == ["dots", "stripes"]
    assert metrics["test"]["n"] == 16
    assert len(metrics["skipped"]) == 4
    assert any("rings" in note for note in metrics["notes"])


def assert_refused(answer, message):
    assert answer.returncode == 1, answer.stderr
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


@pytest.mark.slow
def test_two_trainings_begun_together_take_two_names(make_folder, tmp_path):
    make_folder("pets")
    command = [sys.executable, "-m", "headstart", "train", "pets", "--image-size", "96"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)
    ]
    assert [process.wait() for process in both] == [0, 0]
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"pets", "pets-2"}
