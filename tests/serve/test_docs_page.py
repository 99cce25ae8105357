"""The page /docs shows the whole OpenAPI, with commands that work, and loads nothing from other hosts."""

import html
import re
import shutil
import subprocess
import sys
import types

import pytest

import headstart as hs

pytest.importorskip("fastapi")
import httpx2
from fastapi.testclient import TestClient
from PIL import Image

from headstart.serve.app import build_app


@pytest.fixture(scope="module")
def client(run):
    with TestClient(build_app(hs.load(run.folder), name="<pets>"), base_url="http://localhost") as client:
        yield client


def list_lines(page):
    """Return the curl lines and the Python lines of the page."""
    lines = [html.unescape(line) for line in re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)]
    return [line for line in lines if line.startswith("curl ")], [line for line in lines if "import" in line]


def test_the_whole_schema_is_shown(client):
    page = html.unescape(client.get("/docs").text)
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}</code></h2>" in page
            assert operation["description"] in page
            for status, answer in operation["responses"].items():
                assert f"<b>{status}</b>" in page
                assert answer["description"] in page
    for name, model in document["components"]["schemas"].items():
        for field, part in model["properties"].items():
            assert f"<code>{field}</code>" in page
            assert part.get("description", "") in page
        assert name.startswith("Body_") or f'<section id="{name}">' in page
    assert "at most 64 in a request of at most 100 MB" in page


def test_no_other_host_is_needed(client):
    for path in ("/", "/docs"):
        response = client.get(path)
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", response.text)
        assert "&lt;pets&gt;" in response.text
        assert "<pets>" not in response.text
    assert client.get("/redoc").status_code == 404


@pytest.mark.parametrize("host", ["[::1]:8000", "a<b>", "'\";", "", "x y", "\xff"])
def test_an_odd_host_header_causes_no_failure(client, host):
    response = client.get("/docs", headers={"host": host.encode("latin-1")})
    assert response.status_code < 500
    assert "<b>'" not in response.text or response.headers["content-type"] == "application/json"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_commands_work_unchanged(served, photos, tmp_path):
    shutil.copy(photos[0], tmp_path / "photo.jpg")
    lines, _ = list_lines(httpx2.get(f"{served}/docs").text)
    assert len(lines) == 6
    told = [
        subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S602
        for line in lines
    ]
    assert '"label":"dots"' in told[0].stdout
    assert not any('error":"' in one.stdout for one in told)
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.size == (80, 60)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a line for a terminal closes no file
def test_python_commands_work_unchanged(served, photos, tmp_path, monkeypatch, capsys):
    shutil.copy(photos[0], tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)

    def post(address, files):  # as requests has it, which is not installed here
        return httpx2.post(address, files=files)

    monkeypatch.setitem(sys.modules, "requests", types.SimpleNamespace(post=post))
    _, lines = list_lines(httpx2.get(f"{served}/docs").text)
    assert len(lines) == 6
    for line in lines:
        exec(line, {})  # noqa: S102  our own
    said = capsys.readouterr().out
    assert "'label': 'dots'" in said
    assert '"status":"ok"' in said
    assert "headstart_requests_total" in said
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.size == (80, 60)
