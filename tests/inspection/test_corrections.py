"""Corrected catalogs: what changes and why, the same bytes each time, and nothing left to do the second time."""

import csv
import hashlib
from pathlib import Path

import pytest

import headstart as hs
from headstart.catalog.scan import scan_for_audit
from headstart.errors import AuditError
from headstart.inspection.corrections import correct_catalog, write_corrections
from headstart.inspection.decisions import Decision, read_decisions


def read_rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decide(photo, decision, row=2, new_label="", **fields):
    return Decision(
        row=row, path=photo.file, digest=photo.digest, decision=decision, label=photo.label, new_label=new_label,
        **fields,
    )  # fmt: skip


@pytest.fixture
def catalog(make_folder):
    folder = make_folder(n=4)
    (folder / "dots" / "copy.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes())
    return scan_for_audit(folder)


def list_photos(folder):
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in folder.rglob("*.jpg")}


@pytest.fixture
def decisions(catalog):
    by_name = {f"{photo.label}/{photo.path.name}": photo for photo in catalog.photos}
    return [
        decide(by_name["dots/001.jpg"], "relabel", 2, "stripes", kind="wrong_label", note="clearly stripes"),
        decide(by_name["dots/copy.jpg"], "drop", 3, kind="copy"),
        decide(by_name["stripes/003.jpg"], "drop", 4, kind="blank"),
        decide(by_name["stripes/002.jpg"], "keep", 5),
        decide(by_name["stripes/001.jpg"], "skip", 6),
    ]


def test_the_corrected_catalog_can_be_trained_on_and_the_photos_stay(catalog, decisions, tmp_path):
    before = list_photos(tmp_path / "photos")
    corrections = correct_catalog(catalog, decisions)
    record = write_corrections(corrections, tmp_path / "out" / "corrected.csv")
    assert list_photos(tmp_path / "photos") == before
    trained = hs.scan(tmp_path / "out" / "corrected.csv")
    labels = {f"{photo.path.parent.name}/{photo.path.name}": photo.label for photo in trained.photos}
    assert len(labels) == len(catalog.photos) - 2
    assert labels["dots/001.jpg"] == "stripes"
    assert not {"dots/copy.jpg", "stripes/003.jpg"} & labels.keys()
    assert {row["split"] for row in read_rows(tmp_path / "out" / "corrected.csv")} == {""}
    rows = read_rows(record)
    assert record.name == "corrected-changes.csv"
    assert [(Path(row["path"]).name, row["change"], row["from"], row["to"]) for row in rows] == [
        ("001.jpg", "relabel", "dots", "stripes"), ("copy.jpg", "drop", "dots", ""), ("003.jpg", "drop", "stripes", ""),
    ]  # fmt: skip
    assert [row["reason"] for row in rows] == [
        "Decided by a person (Doubtful label): clearly stripes", "Decided by a person (Copies).",
        "Decided by a person (Blank photo).",
    ]  # fmt: skip
    assert (corrections.n_kept, corrections.n_skipped, corrections.n_done) == (1, 1, 0)


def test_applied_twice_the_bytes_are_the_same(catalog, decisions, tmp_path):
    out = tmp_path / "corrected.csv"
    record = write_corrections(correct_catalog(catalog, decisions), out)
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in (out, record)]
    write_corrections(correct_catalog(catalog, decisions), out)
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in (out, record)] == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corrected-changes.csv", "corrected.csv", "photos"]


def test_applied_to_the_corrected_catalog_nothing_changes(catalog, decisions, tmp_path):
    out = tmp_path / "corrected.csv"
    record = write_corrections(correct_catalog(catalog, decisions), out)
    before = [out.read_bytes(), record.read_bytes()]
    again = correct_catalog(scan_for_audit(out), decisions)
    assert (again.changes, again.n_done) == ((), 3)
    write_corrections(again, out)  # no other content: no --overwrite is needed
    assert [out.read_bytes(), record.read_bytes()] == before


def test_another_file_is_replaced_only_on_request(catalog, decisions, tmp_path):
    (tmp_path / "corrected.csv").write_text("mine")
    with pytest.raises(AuditError, match=r"corrected\.csv': it exists already, with other content\. Give --overwrite"):
        write_corrections(correct_catalog(catalog, decisions), tmp_path / "corrected.csv")
    assert (tmp_path / "corrected.csv").read_text() == "mine"
    assert not (tmp_path / "corrected-changes.csv").exists()
    write_corrections(correct_catalog(catalog, decisions), tmp_path / "corrected.csv", is_replacing=True)
    assert len(read_rows(tmp_path / "corrected.csv")) == 7


def test_a_folder_that_cannot_be_written_gets_a_sentence(catalog, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match=r"corrected\.csv': .*\. Choose another --out\."):
        write_corrections(correct_catalog(catalog), tmp_path / "file" / "corrected.csv")


def test_a_moved_photo_is_corrected(catalog, decisions, tmp_path):
    (tmp_path / "photos" / "dots" / "001.jpg").rename(tmp_path / "photos" / "dots" / "moved.jpg")
    corrections = correct_catalog(scan_for_audit(tmp_path / "photos"), decisions)
    assert [Path(change.path).name for change in corrections.changes] == ["copy.jpg", "moved.jpg", "003.jpg"]


def test_one_photo_has_to_remain(catalog):
    drops = [decide(photo, "drop", row) for row, photo in enumerate(catalog.photos, 2)]
    with pytest.raises(AuditError, match="got no photo that remains, need one"):
        correct_catalog(catalog, drops)


def test_names_that_spreadsheets_take_for_formulas_come_back(make_folder, tmp_path):
    folder = make_folder(n=3)
    (folder / "dots").rename(folder / "=dots")
    catalog = scan_for_audit(folder)
    (tmp_path / "decisions.csv").write_text(
        f"path,digest,decision,label,new_label\nx,{catalog.photos[0].digest},relabel,'=dots,stripes\n"
    )
    corrections = correct_catalog(catalog, read_decisions(tmp_path / "decisions.csv"))
    record = write_corrections(corrections, tmp_path / "corrected.csv")
    assert read_rows(record)[0]["from"] == "'=dots"
    assert correct_catalog(scan_for_audit(tmp_path / "corrected.csv")).earlier == corrections.changes
