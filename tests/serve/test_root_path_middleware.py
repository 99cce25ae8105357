"""Behind a proxy, under a path, the pages and their addresses work."""

import asyncio
import html
import re

import pytest

import headstart as hs
from headstart.serve.root_path_middleware import RootPath

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from headstart.serve.app import build_app


def see(path, root="/pets"):
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    asyncio.run(RootPath(app, root)({"type": "http", "path": path}, None, None))
    return seen.get("root_path"), seen["path"]


@pytest.mark.parametrize("path", ["/pets/predict", "/predict"])
def test_a_path_is_known_whether_or_not_the_proxy_removed_the_root(path):
    assert see(path) == ("/pets", "/pets/predict")


def test_a_name_that_only_begins_like_the_root_is_no_root():
    assert see("/petshop") == ("/pets", "/pets/petshop")
    assert see("/predict", "") == (None, "/predict")


async def forward(client, reader, writer, is_removed):
    """Pass one request on, as a proxy does that has the service under /pets."""
    head = await reader.readuntil(b"\r\n\r\n")
    method, path, _ = head.split(b" ", 2)
    assert path.startswith(b"/pets")
    told = client.request(method.decode(), (path.removeprefix(b"/pets") if is_removed else path).decode())
    writer.write(
        b"HTTP/1.0 %d \r\nlocation: %s\r\n\r\n" % (told.status_code, told.headers.get("location", "").encode())
    )
    writer.write(told.content)
    writer.close()


@pytest.mark.parametrize("is_removed", [True, False])
def test_pages_and_their_links_work_behind_a_proxy(run, is_removed):
    app = build_app(hs.load(run.folder), root_path="pets/")
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:

        async def ask(path):
            async def answer(reader, writer):
                await forward(client, reader, writer, is_removed)

            async with await asyncio.start_server(answer, "127.0.0.1", 0) as proxy:
                reader, writer = await asyncio.open_connection(*proxy.sockets[0].getsockname())
                writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                told = (await reader.read()).decode()
                writer.close()
                return int(told.split(" ")[1]), told

        status, page = asyncio.run(ask("/pets/"))
        assert status == 200
        links = set(re.findall(r"""(?:href|src|fetch\()=?["']([a-z.]+)["']""", page))
        assert {"docs", "metadata", "metrics", "predict"} <= links
        for link in links - {"predict", "explain"}:  # those take photos only
            assert asyncio.run(ask(f"/pets/{link}"))[0] == 200
        _, docs = asyncio.run(ask("/pets/docs"))
        assert "http://localhost/pets/predict" in html.unescape(docs)
        assert "http://localhost/predict" not in docs
        assert asyncio.run(ask("/pets/openapi.json"))[0] == 200
        assert asyncio.run(ask("/pets/nothing"))[0] == 404
        assert 'headstart_requests_total{path="/metadata",status="200"}' in asyncio.run(ask("/pets/metrics"))[1]


def test_the_root_without_a_slash_leads_to_the_page(run):
    app = build_app(hs.load(run.folder), root_path="/pets")
    with TestClient(app, base_url="http://localhost") as client:
        response = client.get("/pets")
        assert (response.status_code, response.url.path) == (200, "/pets/")
