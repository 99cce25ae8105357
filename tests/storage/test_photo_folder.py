"""The tables of a run have paths relative to the folder of its photos, which run.json names."""

import json
import os
from pathlib import Path

import pytest

from headstart.storage.photo_folder import find_photo_folder, read_photo_folder, shorten_path


def test_the_folder_is_the_source_if_it_holds_all_photos(tmp_path, monkeypatch):
    files = [str(tmp_path / "pets/cats/1.jpg"), str(tmp_path / "pets/cats/2.jpg")]
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets.csv").touch()
    assert find_photo_folder(files, str(tmp_path / "pets")) == str(tmp_path / "pets")
    assert find_photo_folder(files, str(tmp_path / "pets.csv")) == str(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert find_photo_folder(["pets/cats/1.jpg"], "pets") == str(tmp_path / "pets")


def test_the_folder_is_else_the_deepest_one_with_all_photos():
    files = ["/photos/cats/1.jpg", "/photos/cats-and-dogs/1.jpg", "/photos/cats/2.jpg"]
    assert find_photo_folder(files, "/no such source") == "/photos"
    assert find_photo_folder(files[:1]) == "/photos/cats"
    assert find_photo_folder([*files, "s3://bucket/1.jpg"], "table") == "/photos"


def test_without_a_common_folder_there_is_none():
    assert find_photo_folder(["/a/1.jpg", "/b/1.jpg"]) is None
    assert find_photo_folder(["s3://bucket/1.jpg"], "s3://bucket") is None
    assert find_photo_folder([]) is None


@pytest.mark.parametrize("name", ["cats/1.jpg", "~x.jpg", " x.jpg", "a b/ü.jpg", "=1.jpg"])
def test_a_relative_path_leads_back_to_the_file(name):
    assert os.path.normpath(Path("/photos", shorten_path(f"/photos/{name}", "/photos"))) == f"/photos/{name}"


def test_a_path_outside_the_folder_stays_absolute():
    assert shorten_path("/photos-2/1.jpg", "/photos") == "/photos-2/1.jpg"
    assert shorten_path("/photos/1.jpg", None) == "/photos/1.jpg"
    assert shorten_path("s3://bucket/1.jpg", "/photos") == "s3://bucket/1.jpg"


def test_the_folder_is_read_beside_the_table(tmp_path):
    table = tmp_path / "catalog.csv"
    assert read_photo_folder(table) is None
    (tmp_path / "run.json").write_text(json.dumps({"photos": {"folder": "/photos"}}))
    assert read_photo_folder(table) == Path("/photos")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"photos": 1}', '{"photos": {"folder": 3}}', '{"photos": {"folder": null}}']
)
def test_a_damaged_record_names_no_folder(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    assert read_photo_folder(tmp_path / "catalog.csv") is None
