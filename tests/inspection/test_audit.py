"""A whole audit in Python, with the detectors as they are."""

import json
from pathlib import Path

import pandas as pd
import pytest

import headstart as hs
from headstart.errors import CatalogError, RunError
from headstart.inspection import audit as module


@pytest.fixture
def folder(make_folder):
    folder = make_folder(n=8)
    (folder / "dots" / "copy.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes())
    return folder


def audit(photos, **options):
    return hs.audit(photos, image_size=96, verbose=False, **options)


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_an_audit_returns_what_its_folder_holds(folder):
    said = []
    result = audit(folder, say=said.append)
    assert result.folder == Path("audits/photos")
    assert json.loads((result.folder / "audit.json").read_text())["findings"] == result.to_dict()["findings"]
    assert [Path(photo).name for photo in result.select("copy")[0].photos] == ["copy.jpg", "000.jpg"]
    assert said[0].startswith("17 photos of 2 classes: ")
    assert result.seconds > 0
    assert {path.name for path in Path("audits").iterdir()} == {"photos"}


def test_the_same_photos_give_the_same_findings_under_any_name(folder):
    first = audit(folder)
    folder.rename("moved")
    assert [f.digests for f in audit("moved").findings] == [finding.digests for finding in first.findings]


def test_an_audit_in_the_folder_of_photos_is_left_out_of_the_next(folder, monkeypatch):
    monkeypatch.chdir(folder)
    first, second = audit("."), audit(".")
    assert (first.folder, second.folder) == (Path("audits/photos"), Path("audits/photos-2"))
    assert len(second.catalog.photos) == len(first.catalog.photos) == 17


def test_tables_and_catalogs_can_be_audited(folder):
    rows = [{"path": str(path), "label": path.parent.name} for path in sorted(folder.rglob("*.jpg"))]
    assert len(audit(pd.DataFrame(rows)).catalog.photos) == 17
    given = audit(hs.scan(folder), out="of-catalog")
    assert {photo.split for photo in given.catalog.photos} == {None}


def test_one_class_can_be_audited(folder):
    result = audit((sorted(map(str, (folder / "dots").iterdir())), ["dots"] * 9), out="one")
    assert result.counts()["copy"] == 1
    (note,) = [note for note in result.notes if note.code == "labels-not-judged"]
    assert note.text.startswith("Labels were not judged: the photos are of 1 class. ")


def test_an_existing_audit_is_replaced_only_on_request(folder):
    audit(folder, out="mine")
    with pytest.raises(RunError, match=r"Cannot write audit '.*mine': it exists already\. Give --overwrite"):
        audit(folder, out="mine")
    audit(folder, out="mine", overwrite=True)
    places = [audit(folder, overwrite=is_replacing).folder for is_replacing in (False, False, True)]
    assert [str(place) for place in places] == [f"audits/{folder.name}{n}" for n in ("", "-2", "")]


def test_an_audit_that_cannot_be_made_leaves_no_folder(folder, monkeypatch):
    with pytest.raises(CatalogError, match="does not exist"):
        audit("nowhere")
    with pytest.raises(RunError, match="got a URI, need a folder on this machine"):
        audit(folder, out="s3://bucket/audit")
    with pytest.raises(CatalogError, match="of photos that are scanned already"):
        audit(hs.scan(folder), layout="inner")
    with pytest.raises(RunError, match="it lies inside the folder of photos"):
        audit(folder, out=folder / "audit")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_audit", fail)
    with pytest.raises(RunError, match=r"Cannot write audit '.*photos': No space left on device"):
        audit(folder)
    assert not Path("audits").exists()


def test_an_audit_whose_name_is_taken_meanwhile_is_kept_under_another(folder, monkeypatch):
    write = module.write_audit

    def take_the_name(*arguments, **options):
        Path("audits/photos").mkdir()
        return write(*arguments, **options)

    monkeypatch.setattr(module, "write_audit", take_the_name)
    assert audit(folder).folder.name == "photos-2"
