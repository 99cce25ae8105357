"""A manifest is written and read back; a damaged one is refused."""

import json
from pathlib import Path

import pytest

from headstart.catalog.manifest import FILE_NAME, Manifest, read_manifest
from headstart.catalog.photo import Skip
from headstart.catalog.source_listing import SourceListing
from headstart.catalog.split import plan_folders
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.storage.remote_paths import make_path


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    skips = [Skip(make_path("s3://bucket/a.jpg"), "empty file"), Skip(Path("b.jpg"), "not a file")]
    notes = [Note("leak", "1 photo is in two splits.", "warning")]
    found = SourceListing(
        Path("pets"), [], labels=frozenset("ab"), plan=plan_folders({"train", "test"}), skipped=skips, notes=notes
    )
    manifest = Manifest({"image_size": 224, "views": [1, False, 0]}, "pets", parts=("1", "2"), n_photos=3)
    manifest = manifest.describe(found)
    manifest.write(tmp_path)
    assert read_manifest(tmp_path) == manifest
    assert read_manifest(tmp_path).labels == ("a", "b")


def test_notes_of_earlier_versions_are_read_as_text(tmp_path):
    record = json.loads(Manifest({}, "pets").to_bytes()) | {"schema": 1, "notes": ["Read as class folders."]}
    (tmp_path / FILE_NAME).write_text(json.dumps(record))
    assert read_manifest(tmp_path).notes == (Note("note", "Read as class folders."),)


def test_a_plan_may_be_unknown(tmp_path):
    Manifest({}, "pets").describe(SourceListing(Path("pets"), [], labels=frozenset(), plan=None)).write(tmp_path)
    assert read_manifest(tmp_path).plan is None


def test_a_missing_manifest_is_none_and_a_damaged_one_is_refused(tmp_path):
    assert read_manifest(tmp_path) is None
    assert read_manifest(tmp_path / "none") is None
    for text in ("{", "[]", '{"schema": 3}', '{"schema": 1}'):
        (tmp_path / FILE_NAME).write_text(text)
        with pytest.raises(CatalogError, match="damaged or of another version"):
            read_manifest(tmp_path)


PHOTO = ["a.jpg", "cats", "train", None, 1.0, "00"]
WRONG = [
    ("n_blocks", -1), ("n_photos", 1e300), ("n_photos", True), ("source", 5), ("token", None), ("root", ["a"]),
    ("recipe", ["image_size"]), ("is_complete", "no"), ("labels", [1, 2]), ("labels", 5),
    ("parts", ["../part-1"]), ("parts", ["/etc/passwd"]), ("parts", ["a\\b"]), ("parts", [None]), ("parts", [""]),
    ("plan", ["train", [["train", -1], ["test", 101]]]), ("plan", [[], []]), ("plan", [None, [["train", 1e9]]]),
    ("plan", [None, [["train", "80"], ["test", "20"]]]), ("plan", ["moon", []]), ("plan", 7), ("plan", []),
    ("skipped", [["a.jpg", 5]]), ("skipped", [[5, "empty"]]), ("skipped", [["a"]]), ("notes", [{"code": 1}]),
    ("notes", [{"code": 1, "text": "a", "severity": "b"}]), ("broken", [[[*PHOTO[:2], "moon", *PHOTO[3:]], "why"]]),
    ("broken", [[[*PHOTO[:4], -1.0, "00"], "why"]]), ("broken", [[[*PHOTO[:4], "nan", "00"], "why"]]),
    ("broken", [[[5, *PHOTO[1:]], "why"]]), ("broken", [[[*PHOTO[:3], 5, *PHOTO[4:]], "why"]]), ("broken", [[PHOTO]]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_an_edited_manifest_is_refused(tmp_path, name, value):
    record = json.loads(Manifest({"image_size": 224}, "pets", parts=("part-1",)).to_bytes())
    record["broken"] = [[PHOTO, "why"]]
    (tmp_path / FILE_NAME).write_text(json.dumps(record))
    assert read_manifest(tmp_path).broken[0][1] == "why"
    (tmp_path / FILE_NAME).write_text(json.dumps(record | {name: value}))
    with pytest.raises(CatalogError, match="damaged or of another version"):
        read_manifest(tmp_path)


def test_a_deeply_nested_manifest_is_refused(tmp_path):
    for text in ("[" * 100_000, '{"plan":' + "[" * 100_000):
        (tmp_path / FILE_NAME).write_text(text)
        with pytest.raises(CatalogError, match="damaged or of another version"):
            read_manifest(tmp_path)
