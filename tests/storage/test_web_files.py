"""A file of a web server is read to its end and not beyond its limit; each fault of a server is told as what it is."""

import contextlib
import http.server
import socket
import threading
import time

import pytest

from headstart.errors import MissingExtraError
from headstart.process.packages import is_installed
from headstart.storage import web_files
from headstart.storage.web_files import has_web_file, read_web_file

pytestmark = pytest.mark.skipif(not is_installed("fsspec"), reason="needs the extra remote")
DATA = bytes(range(256)) * 40


class Server(http.server.BaseHTTPRequestHandler):
    """Answers as the name of the file says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with contextlib.suppress(ConnectionError):
            getattr(self, f"send_{self.path.strip('/').split('.')[0]}")()
        self.close_connection = True

    def start(self, status, *fields):
        self.send_response(status)
        for name, value in (*fields, ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()

    def send_whole(self):
        self.start(200, ("Content-Length", len(DATA)))
        self.wfile.write(DATA)

    def send_parts(self):
        self.start(200, ("Content-Length", len(DATA)))
        for start in range(0, len(DATA), 2048):
            self.wfile.write(DATA[start : start + 2048])
            self.wfile.flush()
            time.sleep(0.02)

    def send_chunks(self):
        self.start(200, ("Transfer-Encoding", "chunked"))
        for start in range(0, len(DATA), 1024):
            self.wfile.write(b"400\r\n" + DATA[start : start + 1024] + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def send_short(self):
        self.start(200, ("Content-Length", len(DATA) + 1))
        self.wfile.write(DATA)

    def send_endless(self):
        self.start(200)
        while True:
            self.wfile.write(DATA)

    def send_stuck(self):
        self.start(200, ("Content-Length", len(DATA)))
        self.wfile.write(DATA[:100])
        self.wfile.flush()
        time.sleep(1)

    def send_drip(self):
        self.start(200, ("Content-Length", len(DATA)))
        for byte in DATA:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.05)

    def send_broken(self):
        self.start(500, ("Content-Length", 0))

    def send_busy(self):
        self.start(503, ("Content-Length", 0))

    def send_loop(self):
        self.start(302, ("Location", "/loop"), ("Content-Length", 0))

    def send_moved(self):
        self.start(301, ("Location", "/whole"), ("Content-Length", 0))

    def send_none(self):
        self.start(404, ("Content-Length", 0))

    def send_gone(self):
        self.start(410, ("Content-Length", 0))

    def send_silent(self):
        self.connection.close()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def address():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def is_impatient(monkeypatch):
    monkeypatch.setattr(web_files, "STALL_S", 0.3)


@pytest.mark.parametrize("name", ["whole", "parts", "chunks", "moved"])
def test_a_file_is_read_to_its_end(address, name):
    assert read_web_file(f"{address}/{name}.jpg", 1_000_000) == DATA
    assert has_web_file(f"{address}/{name}.jpg")


@pytest.mark.parametrize("name", ["whole", "parts", "chunks", "endless"])
def test_reading_ends_at_the_limit(address, name):
    assert read_web_file(f"{address}/{name}", 3000) == DATA[:3001]


@pytest.mark.usefixtures("is_impatient")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("short", "the server ends before the end of the file"), ("stuck", "the server takes too long"),
        ("drip", "the server takes too long"), ("broken", "the server answers 500 Internal Server Error"),
        ("busy", "the server answers 503 Service Unavailable"), ("loop", "the server redirects in a loop"),
        ("silent", "the server closes the connection without an answer"),
    ],
)  # fmt: skip
def test_faults_of_a_server_are_told(address, name, reason):
    with pytest.raises(OSError, match=f"^{reason}$") as caught:
        read_web_file(f"{address}/{name}", 1_000_000, total_s=0.8)
    assert not isinstance(caught.value, FileNotFoundError)


@pytest.mark.parametrize("name", ["none", "gone"])
def test_only_what_the_server_does_not_have_does_not_exist(address, name):
    with pytest.raises(FileNotFoundError, match=name):
        read_web_file(f"{address}/{name}", 1000)
    assert not has_web_file(f"{address}/{name}")


@pytest.mark.parametrize("name", ["broken", "loop"])
def test_after_a_fault_it_is_unknown_whether_a_file_exists(address, name):
    with pytest.raises(OSError, match="the server"):
        has_web_file(f"{address}/{name}")


def test_a_refused_connection_is_told():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(OSError, match=r"^the server refuses the connection$"):
        read_web_file(f"http://127.0.0.1:{port}/a.jpg", 1000)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://none.invalid/a.jpg", "the name of the server is not known"),
        ("http://[x/a.jpg", "."),
        ("http:///a", "."),
    ],
)
def test_an_address_that_leads_nowhere_is_told(address, reason):
    with pytest.raises(OSError, match=reason):
        read_web_file(address, 1000)


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match=r"headstart\[remote\]"):
        read_web_file("http://127.0.0.3/a.jpg", 1000)
