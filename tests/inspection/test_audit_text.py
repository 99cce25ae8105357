"""An audit in words."""

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.inspection.audit_text import list_counts, list_findings, summarise
from headstart.inspection.finding import Finding


def find(kind, *photos, **fields):
    return Finding(kind=kind, photos=photos, digests=("",) * len(photos), score=0.5, evidence="So it is.", **fields)


def test_sentences_count_photos_classes_and_findings():
    catalog = Catalog((Photo("a/1.jpg", "a", digest="a", split=None),))
    assert summarise(catalog, 0) == ["1 photo of 1 class: nothing was found."]
    assert summarise(catalog, 1) == ["1 photo of 1 class: 1 finding."]
    assert summarise(catalog, 2000) == ["1 photo of 1 class: 2,000 findings.", "The first ones matter most."]


def test_counts_are_aligned():
    assert list_counts({"copy": 2, "wrong_label": 1200}) == [
        "Copies (copy)                      2",
        "Doubtful label (wrong_label)   1,200",
    ]
    assert list_counts({}) == []


def test_findings_are_listed_relative_to_their_source(tmp_path):
    findings = [
        find("wrong_label", str(tmp_path / "a" / "new\nline.jpg"), label="a", suggested="b"),
        find("copy", "/elsewhere/1.jpg", "/elsewhere/2.jpg", label="a", suggested="b"), find("shortcut"),
        find("few_photos", label="b"), find("same_classes", "/elsewhere/1.jpg", label="a", suggested="b"),
    ]  # fmt: skip
    lines = list_findings(findings, str(tmp_path), 3)
    assert lines[::2] == [
        "   1  Doubtful label  a/new\\nline.jpg  (a -> b?)",
        "   2  Copies          /elsewhere/1.jpg and /elsewhere/2.jpg  (a or b?)",
        "   3  Shortcut        all classes", "      and 2 more",
    ]  # fmt: skip
    three = find("near_copy", "/elsewhere/1.jpg", "/elsewhere/3.jpg", "/elsewhere/2.jpg", label="a")
    assert list_findings([three], "", 1)[0].endswith("  /elsewhere/1.jpg, /elsewhere/2.jpg and 1 more")
    assert lines[1] == "      So it is."
    assert list_findings(findings[3:4], "", 1)[0] == "   1  Too few photos  class 'b'"
    assert list_findings(findings[4:], "", 1)[0].endswith("class 'a' and class 'b'")
    assert list_findings(findings, "s3://bucket/pets", 0) == []
