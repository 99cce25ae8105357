"""Weights are downloaded once, resumed, checked, and taken from a mirror if there is one; with a real server."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from headstart.backbone.foreign import downloading
from headstart.backbone.foreign.downloading import fetch_weights, find_on_mirror
from headstart.errors import BackboneError

DATA = bytes(range(256)) * 20_000  # 5 MB
DIGEST = hashlib.sha256(DATA).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Serves DATA; ``breaks`` times it closes the connection after a third of what it has promised."""

    breaks, knows_ranges, asked, status = 0, True, [], 200

    def do_GET(self):
        kind = type(self)
        kind.asked.append((self.path, self.headers.get("Range")))
        if kind.status != 200:
            self.send_error(kind.status)
            return
        start = int(self.headers["Range"].split("=")[1].rstrip("-")) if self.headers.get("Range") else 0
        start = start if kind.knows_ranges else 0
        if start >= len(DATA):
            self.send_error(416)
            return
        rest = DATA[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if kind.breaks:
            kind.breaks -= 1
            rest = rest[: len(rest) // 3]
        self.wfile.write(rest)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(downloading.MIRROR, raising=False)
    monkeypatch.setattr(downloading.time, "sleep", lambda _: None)
    kind = type("One", (Server,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        kind.url = f"http://127.0.0.1:{http.server_port}/some/net.onnx"
        yield kind
        http.shutdown()
        thread.join()


def test_a_file_is_downloaded_once(server):
    path = fetch_weights(server.url, DIGEST)
    assert path.read_bytes() == DATA
    assert fetch_weights(server.url, DIGEST) == path
    assert server.asked == [("/some/net.onnx", None)]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_an_interrupted_download_resumes(server, knows_ranges):
    server.breaks, server.knows_ranges = 2, knows_ranges
    assert fetch_weights(server.url, DIGEST).read_bytes() == DATA
    n = len(DATA) // 3
    assert [where for _, where in server.asked[:2]] == [None, f"bytes={n}-"]


def test_the_next_attempt_resumes_a_failed_download(server):
    server.breaks = 1000
    with pytest.raises(BackboneError, match=r"the download resumes. Or set HEADSTART_MIRROR"):
        fetch_weights(server.url, DIGEST)
    n_first, server.breaks = len(server.asked), 0
    assert fetch_weights(server.url, DIGEST).read_bytes() == DATA
    assert server.asked[n_first][1] is not None


def test_a_file_with_another_hash_is_refused_and_deleted(server, tmp_path):
    with pytest.raises(BackboneError, match=r"got a file with another SHA-256, need 000000000000\.\.\."):
        fetch_weights(server.url, "0" * 64)
    assert [path.suffix for path in (tmp_path / "cache").rglob("*.*")] == [".lock"]


def test_threads_that_need_the_same_file_download_it_once(server):
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch_weights(server.url, DIGEST), range(4)))
    assert {path.read_bytes() for path in paths} == {DATA}
    assert len(server.asked) == 1


def test_a_cache_that_cannot_be_written_is_an_error(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    with pytest.raises(BackboneError, match="Set HEADSTART_CACHE"):
        fetch_weights(server.url, DIGEST)


def test_a_complete_partial_file_is_not_downloaded_again(server, tmp_path):
    folder = tmp_path / "cache" / "backbones-1"
    folder.mkdir(parents=True)
    (folder / f"{DIGEST}.partial").write_bytes(DATA)
    assert fetch_weights(server.url, DIGEST).read_bytes() == DATA


@pytest.mark.parametrize("status", [403, 404, 500])
def test_the_error_names_the_status_of_the_server(server, status):
    server.status = status
    with pytest.raises(BackboneError, match=rf"the server answers {status} "):
        fetch_weights(server.url, DIGEST)
    assert len(server.asked) == 1


def test_a_missing_server_is_an_error(server):
    with pytest.raises(BackboneError, match=r"Cannot download 'http://127.0.0.1:9/net.onnx': .*refused"):
        fetch_weights("http://127.0.0.1:9/net.onnx", DIGEST)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x.onnx", "x.onnx"])
def test_only_http_addresses_are_downloaded(server, url):
    with pytest.raises(BackboneError, match="neither https"):
        fetch_weights(url, DIGEST)


def test_a_folder_may_be_the_mirror(server, tmp_path, monkeypatch):
    monkeypatch.setenv(downloading.MIRROR, str(tmp_path))
    (tmp_path / "net.onnx").write_bytes(DATA)
    assert fetch_weights(server.url, DIGEST).read_bytes() == DATA
    assert server.asked == []
    assert find_on_mirror("other.onnx") is None


def test_a_server_may_be_the_mirror(server, monkeypatch):
    monkeypatch.setenv(downloading.MIRROR, server.url.removesuffix("/some/net.onnx") + "/mirror/")
    assert fetch_weights("https://nowhere.invalid/far/net.onnx?download=1", DIGEST).read_bytes() == DATA
    assert server.asked == [("/mirror/net.onnx", None)]
