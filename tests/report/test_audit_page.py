"""The page of an audit: one file without connections, whose texts are data and never markup."""

import csv
import io
import json
import re
import shutil
import subprocess

import pytest

from headstart.report.audit_page import WEB, AuditContent, read_script, render_audit
from headstart.storage.spreadsheet_cells import guard_cell

HOSTILE = ("</script><b id=injected>", "<!--<script>\"'&", "a\u2028b", "{{ 7 * 7 }}")


def make_photo(path, label="cats", **more):
    return {"path": path, "label": label, "digest": "ab" * 32, "split": None, "thumbnail": None, "url": None,
            "at": None, **more}  # fmt: skip


def make_finding(photos, kind="wrong_label", **more):
    return {"kind": kind, "name": "Wrong label", "photos": photos, "label": "cats", "suggested": "dogs", "score": 0.9,
            "evidence": "28 of 30 photos are dogs.", "action": "Check it.", "neighbours": [], **more}  # fmt: skip


def make_content(**more):
    content = {
        "audit_id": "0" * 32, "title": "pets", "sentences": ["2 photos, 1 finding."],
        "photos": [make_photo("cats/1.jpg"), make_photo("cats/2.jpg")], "findings": [make_finding([0])],
        "classes": [{"label": "cats", "n": 2, "typical": [1]}, {"label": "dogs", "n": 0, "typical": []}],
    }  # fmt: skip
    return AuditContent(**(content | more))


def read_data(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_texts_of_the_user_are_data():
    hostile = "".join(HOSTILE)
    photos = [make_photo(f"{hostile}.jpg", hostile)]
    findings = [make_finding([0], label=hostile, suggested=hostile, evidence=hostile)]
    classes = [{"label": hostile, "n": 1, "typical": []}]
    page = render_audit(
        make_content(title=hostile, sentences=[hostile], photos=photos, findings=findings, classes=classes)
    )
    assert "<b id=injected>" not in page
    assert "<!--<script>" not in page
    data = read_data(page)
    assert data["title"] == data["photos"][0]["label"] == data["findings"][0]["suggested"] == hostile


def test_a_file_name_that_is_not_unicode_can_be_written():
    page = render_audit(
        make_content(photos=[make_photo("caf\udce9.jpg")], title="caf\udce9".encode("utf-8", "replace").decode())
    )
    assert page.encode("utf-8")
    assert read_data(page)["photos"][0]["path"] == "caf\udce9.jpg"


def test_the_policy_allows_no_connection_and_only_the_own_script():
    import base64
    import hashlib

    page = render_audit(make_content())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy  # so the default holds, which is none
    assert "unsafe" not in policy
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy.replace("&#43;", "+")
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)


def test_the_script_has_no_end_of_script_and_no_markup_from_texts():
    script = read_script()
    assert "</script" not in script
    assert "innerHTML" not in script
    assert "insertAdjacentHTML" not in script


def test_the_same_content_gives_the_same_page():
    assert render_audit(make_content()) == render_audit(make_content())


def test_numbers_that_json_lacks_are_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        render_audit(make_content(curve=[(1, float("nan"))]))


ROWS = [
    ["path", "decision"], ["=1+1.jpg", "keep"], ["'=1.jpg", "drop"], ['a "quoted", name.jpg', "keep"],
    ["line\nbreak.jpg", "keep"], ["-a;+b.jpg", "relabel"], ["@x\t=y.jpg", "skip"], ["\uff1dwide.jpg", "keep"],
    ["plain", ""],
]  # fmt: skip
PROGRAM = """
const { rows, text } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify({ written: writeTable(rows), read: readTable(text), back: readTable(writeTable(rows)) }));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_csv_is_that_of_python():
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([[guard_cell(cell) for cell in row] for row in ROWS])
    done = subprocess.run(
        [shutil.which("node"), "-e", (WEB / "table.js").read_text(encoding="utf-8") + PROGRAM],
        input=json.dumps({"rows": ROWS, "text": "\ufeff" + buffer.getvalue()}), text=True,
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["read"] == answer["back"] == ROWS
    written = list(csv.reader(io.StringIO(answer["written"], newline="")))
    assert written == [[guard_cell(cell) for cell in row] for row in ROWS]
