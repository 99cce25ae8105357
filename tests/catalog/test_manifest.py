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
