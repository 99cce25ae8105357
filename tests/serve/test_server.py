"""A real server starts, answers, and stops at a signal."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

import headstart as hs
from headstart.process.packages import is_installed

pytestmark = pytest.mark.skipif(not is_installed("fastapi"), reason="needs the extra serve")


@contextmanager
def start(run, *more):
    command = [sys.executable, "-m", "headstart", "serve", str(run.folder), "--port", "0", *more]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        try:
            yield server
        finally:
            server.kill()


def read_to_end(client):
    with client, client.makefile("rb") as file:
        return file.read()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_answers_until_a_signal_stops_it(run, photos, number):
    with start(run) as server:
        address = re.search(r"http://\S+", server.stderr.readline())[0]
        boundary = "headstart"
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'.encode()
            + photos[0].read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        )  # fmt: skip
        request = urllib.request.Request(  # noqa: S310  our own address
            f"{address}/predict", body, {"content-type": f"multipart/form-data; boundary={boundary}"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            prediction = json.load(response)["predictions"][0]
        expected = hs.load(run.folder).predict(photos[0])
        assert prediction["label"] == expected.label
        assert prediction["probability"] == pytest.approx(expected.probability, abs=1e-3)
        server.send_signal(number)
        _, said = server.communicate(timeout=60)
        assert server.returncode == 0
        assert said.splitlines() == ["Stopped."]


def test_damaged_requests_do_not_fill_the_log(run):
    form = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    with start(run) as server:
        port = int(re.search(r":(\d+) ", server.stderr.readline())[1])
        for request in (form + b"Content-Length: 4\r\nConnection: close\r\n\r\n\0\0\0\0", b"no request\r\n\r\n"):
            client = socket.create_connection(("127.0.0.1", port), timeout=60)
            client.sendall(request)
            assert read_to_end(client).startswith(b"HTTP/1.1 400 ")
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=60)
    assert said.splitlines() == ["Stopped."]


def test_an_occupied_port_is_an_error(run):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        start(run, "--port", str(taken.getsockname()[1])) as server,
    ):
        _, said = server.communicate(timeout=60)
    assert server.returncode == 1
    assert said.startswith("headstart: Cannot serve at 127.0.0.1:")
    assert "Choose another --port" in said


@pytest.mark.parametrize(
    ("option", "value", "need"),
    [
        ("--allow-origin", "https://example.org/", "need the scheme and host of web pages"),
        ("--allow-host", "http://example.org", "need a name such as pets.example.org"),
    ],
)
def test_an_option_that_never_matches_is_an_error(run, option, value, need):
    with start(run, option, value) as server:
        _, said = server.communicate(timeout=60)
    assert server.returncode == 1
    assert said.startswith("headstart: Cannot allow the ")
    assert need in said


HANG = """
import sys, time
import headstart.serve.app, headstart.serve.server
headstart.serve.app.decode_photo = lambda *arguments, **options: time.sleep(1000)
headstart.serve.server.GRACE_S = 1
from headstart.cli.main import main
sys.exit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_decoder_that_hangs_does_not_keep_the_server(run, photos, number):
    command = [sys.executable, "-c", HANG, "serve", str(run.folder), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        try:
            port = int(re.search(r":(\d+) ", server.stderr.readline())[1])
            clients = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(3)]
            data = photos[0].read_bytes()
            head = (
                f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}"
            )
            for client in clients:
                client.sendall(head.encode() + b"\r\n\r\n" + data)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as response:
                assert response.status == 200
            server.send_signal(number)
            told = [read_to_end(client) for client in clients]
            _, said = server.communicate(timeout=60)
        finally:
            server.kill()
    assert server.returncode == 0
    assert all(b"503 Service Unavailable" in one and b"The service stops." in one for one in told)
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "Stopped."


def test_a_classifier_whose_answers_are_no_numbers_is_not_served(damaged):
    with start(SimpleNamespace(folder=damaged)) as server:
        _, said = server.communicate(timeout=60)
    assert server.returncode == 1
    assert said.startswith("headstart: Cannot predict: the weights of this classifier are too large or damaged")
    assert len(said.splitlines()) == 1
