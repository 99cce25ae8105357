"""Weights are fetched once, resumed, compared, and taken from a mirror where there is one: tried on a real server."""

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


def test_it_is_fetched_once(server):
    path = fetch_weights(server.url, DIGEST)
    assert path.read_bytes() == DATA
    assert fetch_weights(server.url, DIGEST) == path
    assert server.asked == [("/some/net.onnx", None)]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_what_was_broken_off_goes_on(server, knows_ranges):
    server.breaks, server.knows_ranges = 2, knows_ranges
    assert fetch_weights(server.url, DIGEST).read_bytes() == DATA
    n = len(DATA) // 3
    assert [where for _, where in server.asked[:2]] == [None, f"bytes={n}-"]


def test_what_an_earlier_process_has_fetched_is_not_fetched_again(server):
    server.breaks = 1000
    with pytest.raises(BackboneError, match=r"it goes on from where it was; or set HEADSTART_MIRROR"):
        fetch_weights(server.url, DIGEST)
    n_first, server.breaks = len(server.asked), 0
    assert fetch_weights(server.url, DIGEST).read_bytes() == DATA
    assert server.asked[n_first][1] is not None


def test_another_file_is_refused_and_not_kept(server, tmp_path):
    with pytest.raises(BackboneError, match=r"SHA-256 is not 000000000000\.\.\., so it is another file"):
        fetch_weights(server.url, "0" * 64)
    assert [path.suffix for path in (tmp_path / "cache").rglob("*.*")] == [".lock"]


def test_two_that_fetch_it_at_once_fetch_it_once(server):
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch_weights(server.url, DIGEST), range(4)))
    assert {path.read_bytes() for path in paths} == {DATA}
    assert len(server.asked) == 1


def test_a_cache_that_cannot_be_written_is_told(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    with pytest.raises(BackboneError, match="Set HEADSTART_CACHE"):
        fetch_weights(server.url, DIGEST)


def test_a_whole_partial_is_not_fetched_again(server, tmp_path):
    folder = tmp_path / "cache" / "backbones-1"
    folder.mkdir(parents=True)
    (folder / f"{DIGEST}.partial").write_bytes(DATA)
    assert fetch_weights(server.url, DIGEST).read_bytes() == DATA


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_server_that_refuses_is_told(server, status):
    server.status = status
    with pytest.raises(BackboneError, match=rf"the server answers {status} "):
        fetch_weights(server.url, DIGEST)
    assert len(server.asked) == 1


def test_no_server_is_told(server):
    with pytest.raises(BackboneError, match=r"Cannot fetch 'http://127.0.0.1:9/net.onnx': .*refused"):
        fetch_weights("http://127.0.0.1:9/net.onnx", DIGEST)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x.onnx", "x.onnx"])
def test_only_the_web_is_fetched_from(server, url):
    with pytest.raises(BackboneError, match="no address of https"):
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
