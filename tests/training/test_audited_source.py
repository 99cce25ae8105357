"""The command that audits the photos of a run names a source that is still there."""

from pathlib import Path

import pytest

from headstart.catalog.catalog import Catalog
from headstart.training.audited_source import find_audited_source

TABLE = Path("runs/pets/catalog.csv")


def find(source):
    return find_audited_source(Catalog((), source=source), TABLE)


def test_a_folder_is_named_as_the_user_gave_it(tmp_path, monkeypatch):
    (tmp_path / "pets").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find("pets") == "pets"


@pytest.mark.parametrize("source", ["", "table"])
def test_a_table_in_memory_has_no_source(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find(source) is None


def test_a_table_in_the_temporary_folder_may_be_gone(tmp_path, monkeypatch):
    table = tmp_path / "temporary" / "photos.csv"
    table.parent.mkdir()
    table.touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "other"))
    assert find(str(table)) == str(table)
    monkeypatch.setattr("tempfile.tempdir", str(table.parent))
    assert find(str(table)) is None


def test_the_password_of_a_store_is_not_shown():
    assert find("s3://me:secret@bucket/pets") == "s3://bucket/pets"


def test_of_several_sources_it_is_the_table_of_the_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog = Catalog((), source="pets + more.csv", sources=("pets", "more.csv"))
    assert find_audited_source(catalog, TABLE) == str(TABLE)
