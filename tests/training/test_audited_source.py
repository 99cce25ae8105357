"""The command that audits the photos of a run names a source that is still there."""

import pytest

from headstart.training.audited_source import find_audited_source


def test_a_folder_is_named_as_the_user_gave_it(tmp_path, monkeypatch):
    (tmp_path / "pets").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_audited_source("pets") == "pets"


@pytest.mark.parametrize("source", ["", "table"])
def test_a_table_in_memory_has_no_source(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_audited_source(source) is None


def test_a_table_in_the_temporary_folder_may_be_gone(tmp_path, monkeypatch):
    table = tmp_path / "temporary" / "photos.csv"
    table.parent.mkdir()
    table.touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "other"))
    assert find_audited_source(str(table)) == str(table)
    monkeypatch.setattr("tempfile.tempdir", str(table.parent))
    assert find_audited_source(str(table)) is None


def test_the_password_of_a_store_is_not_shown():
    assert find_audited_source("s3://me:secret@bucket/pets") == "s3://bucket/pets"
