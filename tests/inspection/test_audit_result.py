"""An audit as text, table and JSON."""

import csv
import json
import re

import pytest

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo, Skip
from headstart.errors import AuditError
from headstart.evaluation.notes import Note
from headstart.inspection.audit_result import Audit
from headstart.inspection.finding import Finding

PHOTOS = (
    Photo("p/cats/1.jpg", "cats", digest="aa", split=None),
    Photo("p/dogs/=1.jpg", "dogs", digest="bb", split="train"),
)
FINDINGS = (
    Finding(kind="wrong_label", photos=("p/cats/1.jpg",), digests=("aa",), label="cats", suggested="dogs",
            score=0.987654, evidence="It looks like a dog.", gain=0.12345),
    Finding(kind="copy", photos=("p/dogs/=1.jpg", "p/cats/1.jpg"), digests=("bb", "aa"), label="dogs", score=1.0,
            evidence="The files are equal."),
    Finding(kind="few_photos", photos=(), digests=(), label="dogs", score=0.5, evidence="It has one photo."),
)  # fmt: skip
CATALOG = Catalog(PHOTOS, (Skip(PHOTOS[0].path, "cannot be decoded"),), source="p")
NOTE = Note("layout", "So it was read.")
AUDIT = Audit(findings=FINDINGS, catalog=CATALOG, seconds=1.5, notes=(NOTE,), curve=((1, 0.2),))


def test_json_has_a_stable_schema():
    record = json.loads(json.dumps(AUDIT.to_dict(), allow_nan=False))
    assert set(record) == {
        "schema", "headstart", "source", "audit", "n_photos", "labels", "counts", "findings", "curve", "skipped",
        "notes", "note_records", "seconds",
    }  # fmt: skip
    assert (record["schema"], record["n_photos"], record["audit"]) == (1, 2, None)
    assert record["counts"] == {"copy": 1, "wrong_label": 1, "few_photos": 1}
    assert record["findings"][0] == {
        "kind": "wrong_label", "photos": ["p/cats/1.jpg"], "label": "cats", "suggested": "dogs", "score": 0.9877,
        "evidence": "It looks like a dog.", "action": "Check the label, and correct it.", "gain": 0.12345,
        "digests": ["aa"], "suggested_probability": None,
    }  # fmt: skip
    assert record["skipped"] == [{"path": "p/cats/1.jpg", "reason": "cannot be decoded"}]
    assert record["curve"] == [{"n": 1, "share": 0.2}]


def test_a_frame_has_a_row_for_each_finding_in_order():
    frame = AUDIT.to_frame()
    assert list(frame["kind"]) == ["wrong_label", "copy", "few_photos"]
    assert list(frame["n_photos"]) == [1, 2, 0]
    assert frame["photos"][1] == ["p/dogs/=1.jpg", "p/cats/1.jpg"]
    assert len(Audit(findings=(), catalog=CATALOG).to_frame()) == 0


def test_a_csv_has_the_same_rows(tmp_path):
    AUDIT.write_csv(tmp_path / "findings.csv")
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(AUDIT.to_frame().columns)
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    assert rows[1]["photos"] == "p/dogs/=1.jpg | p/cats/1.jpg"
    assert rows[2]["gain"] == rows[2]["path"] == ""
    with pytest.raises(AuditError, match=r"Cannot write '.*x\.csv': No such file or directory"):
        AUDIT.write_csv(tmp_path / "nothing" / "x.csv")


def test_findings_are_selected_by_kind():
    assert AUDIT.select("copies") == FINDINGS[1:2]
    assert AUDIT.select("blank") == ()
    with pytest.raises(AuditError, match=r"Cannot select findings: got the kind 'dakr'.*Did you mean 'dark'\?"):
        AUDIT.select("dakr")


def test_the_summary_counts_and_lists():
    text = AUDIT.summary()
    assert text.splitlines()[0] == "p: 2 photos of 2 classes: 3 findings. The first ones matter most."
    assert re.search(r"^Copies \(copy\) +1$", text, re.MULTILINE)
    assert "   1  Doubtful label  cats/1.jpg  (cats -> dogs?)\n      It looks like a dog." in text
    assert "   2  Copies          dogs/=1.jpg and cats/1.jpg\n" in text
    assert "   3  Too few photos  class 'dogs'\n" in text
    assert AUDIT.summary(1).endswith("and 2 more")
    assert "1.jpg" not in AUDIT.summary(0)
    assert Audit(findings=(), catalog=CATALOG).summary() == "p: 2 photos of 2 classes: nothing was found."
    assert repr(AUDIT) == "Audit('p': 2 photos, findings: 1 copy, 1 wrong_label, 1 few_photos)"
