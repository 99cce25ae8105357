"""The files of an audit folder hold the same findings, also of photos with unusual names."""

import csv
import json
import os
import re
from pathlib import Path

import pytest

import headstart as hs


@pytest.fixture
def audited(make_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = make_folder(n=6)
    for name in (b"\xff.jpg", b"=</script><b>.jpg".replace(b"/", b"")):
        path = os.fsdecode(os.fsencode(folder / "dots") + b"/" + name)
        Path(path).write_bytes((folder / "dots" / "000.jpg").read_bytes())
    folder.rename(tmp_path / "<b>pets & more")
    return hs.audit("<b>pets & more", image_size=96, verbose=False)


def read_page(page):
    text = page.read_text(encoding="utf-8")
    return text, json.loads(re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[1])


def test_page_json_and_csv_hold_the_same_findings(audited):
    record = json.loads((audited.folder / "audit.json").read_text())
    text, page = read_page(audited.page)
    with (audited.folder / "findings.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = [finding["kind"] for finding in record["findings"]]
    assert kinds == [finding["kind"] for finding in page["findings"]] == [row["kind"] for row in rows]
    assert "copy" in kinds
    (copies,) = [finding for finding in record["findings"] if finding["kind"] == "copy"]
    assert len(copies["photos"]) == 3
    paths = {page["photos"][n]["path"] for finding in page["findings"] for n in finding["photos"]}
    assert set(copies["photos"]) <= paths
    assert page["title"] == "<b>pets & more"
    assert "<b>pets" not in text


def test_photos_are_linked_relative_to_the_page(audited):
    _, page = read_page(audited.page)
    for photo in page["photos"]:
        assert photo["url"].startswith("../../%3Cb%3Epets")
        assert photo["thumbnail"].startswith("data:image/jpeg;base64,")
