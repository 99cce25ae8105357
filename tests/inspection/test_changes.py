"""The record of changes beside a corrected catalog."""

from pathlib import Path

from headstart.inspection.changes import Change, find_changes_file, read_changes, write_changes

CHANGE = Change("/p/cats/1.jpg", "ab", "relabel", "cats", "dogs", "Decided by a person; =1+1")


def test_it_is_read_back(tmp_path):
    write_changes([CHANGE], find_changes_file(tmp_path / "corrected.csv"))
    assert (tmp_path / "corrected-changes.csv").read_text().startswith("path,digest,change,from,to,reason\n".strip())
    assert read_changes(str(tmp_path / "corrected.csv")) == (CHANGE,)


def test_where_it_is_absent_or_another_file_there_are_no_changes(tmp_path):
    assert read_changes(str(tmp_path / "corrected.csv")) == ()
    (tmp_path / "corrected-changes.csv").write_text("a,b\n1,2\n")
    assert read_changes(str(tmp_path / "corrected.csv")) == ()
    (tmp_path / "corrected-changes.csv").write_bytes(b"\0")
    assert read_changes(str(tmp_path / "corrected.csv")) == ()
    assert read_changes("") == ()
    assert read_changes(str(Path("folder"))) == ()
