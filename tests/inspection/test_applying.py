"""Corrections of a source, by decisions and rules: what is read, audited and written."""

from pathlib import Path

import pytest

from headstart.errors import AuditError, RunError
from headstart.inspection import applying
from headstart.inspection.applying import apply_corrections
from headstart.inspection.audit import AuditOptions

OPTIONS = AuditOptions(image_size=96, verbose=False)


@pytest.fixture
def photos(make_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = make_folder(n=6)
    (folder / "dots" / "copy.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes())
    return folder


@pytest.fixture
def decide(tmp_path):
    def write(text):
        (tmp_path / "decisions.csv").write_text(f"path,decision,new_label\n{text}\n")
        return tmp_path / "decisions.csv"

    return write


def test_decisions_come_before_rules(photos, decide):
    decisions = decide("dots/copy.jpg,keep,")
    applied = apply_corrections(photos, decisions=decisions, drop=["copy"], options=OPTIONS)
    assert [Path(change.path).name for change in applied.corrections.changes] == ["000.jpg"]
    assert applied.path == Path("audits/photos-corrected.csv")


def test_decisions_are_checked_before_the_audit(photos, decide, monkeypatch):
    monkeypatch.setattr(applying, "inspect_catalog", None)
    with pytest.raises(AuditError, match="is not among the photos"):
        apply_corrections(photos, decisions=decide("x.jpg,drop,"), drop=["copy"], options=OPTIONS)


def test_without_a_change_a_file_is_written_only_if_it_was_named(photos, decide):
    decisions = decide("dots/001.jpg,keep,")
    applied = apply_corrections(photos, decisions=decisions, options=OPTIONS)
    assert (applied.path, applied.record, applied.to_dict()["catalog"]) == (None, None, None)
    assert not Path("audits").exists()
    assert apply_corrections(photos, decisions=decisions, out="all.csv", options=OPTIONS).path == Path("all.csv")
    assert Path("all.csv").exists()


def test_a_corrected_catalog_is_corrected_again_in_its_place_only_on_request(photos, decide):
    first = apply_corrections(photos, decisions=decide("dots/001.jpg,drop,"), options=OPTIONS)
    more = decide(f"{photos}/dots/002.jpg,relabel,stripes")
    with pytest.raises(AuditError, match="it exists already, with other content"):
        apply_corrections(first.path, decisions=more, options=OPTIONS)
    second = apply_corrections(first.path, decisions=more, overwrite=True, options=OPTIONS)
    assert second.path == first.path
    assert second.record.read_text().count("\n") == 3  # the header and both changes
    both = f"{photos}/dots/001.jpg,drop,\n{photos}/dots/002.jpg,relabel,stripes"
    assert apply_corrections(second.path, decisions=decide(both), options=OPTIONS).corrections.n_done == 2


def test_a_catalog_inside_the_photos_is_refused(photos, decide):
    with pytest.raises(RunError, match=r"Cannot write corrected catalog '.*a\.csv': it lies inside the folder"):
        apply_corrections(photos, decisions=decide("dots/001.jpg,drop,"), out=photos / "a.csv", options=OPTIONS)


@pytest.mark.parametrize("out", ["corrected", "corrected.parquet", "s3://bucket/corrected.csv"])
def test_a_corrected_catalog_is_a_csv_on_this_machine(photos, decide, out):
    with pytest.raises(AuditError, match=r"need a file on this machine whose name ends with \.csv"):
        apply_corrections(photos, decisions=decide("dots/001.jpg,drop,"), out=out, options=OPTIONS)
    assert not Path("s3:").exists()


@pytest.mark.parametrize(("name", "out"), [("mine.csv", "mine.csv"), ("mine-changes.csv", "mine.csv")])
def test_the_decisions_are_never_overwritten(photos, decide, tmp_path, name, out):
    mine = decide("dots/001.jpg,drop,").rename(tmp_path / name)
    before = mine.read_bytes()
    with pytest.raises(AuditError, match="got the file with your decisions, need another file"):
        apply_corrections(photos, decisions=mine, out=out, overwrite=True, options=OPTIONS)
    assert mine.read_bytes() == before


def test_problems_of_reading_and_of_matching_are_told_at_once_by_row(photos, decide):
    rows = "dots/x.jpg,drop,\ndots/001.jpg,remove,\ndots/002.jpg,relabel,tods\ndots/003.jpg,drop,"
    with pytest.raises(AuditError, match="got 3 problems, need none") as error:
        apply_corrections(photos, decisions=decide(rows), options=OPTIONS)
    told = str(error.value).splitlines()
    assert [line.split(":")[0].split(" has")[0].strip() for line in told[1:4]] == ["row 2", "row 3", "row 4"]
    assert told[4].endswith("The classes are 'dots', 'stripes'. If a label is a new class, give --new-classes.")


def test_new_classes_are_spoken_of_only_if_a_label_is_unknown_and_names_that_are_not_utf_8_are_told(
    photos, decide, tmp_path
):
    (tmp_path / "latin.csv").write_bytes("path,decision\ndots/café.jpg,drop\n".encode("latin-1"))
    with pytest.raises(AuditError, match="not in UTF-8: save the decisions as UTF-8") as error:
        apply_corrections(photos, decisions=tmp_path / "latin.csv", options=OPTIONS)
    assert "--new-classes" not in str(error.value)
