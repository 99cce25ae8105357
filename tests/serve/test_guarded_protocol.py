"""A connection that is too slow or sends too long a head is answered with a sentence and closed."""

import asyncio
import contextlib
import json
import socket
import threading

import pytest

from headstart.process.packages import is_installed

pytestmark = pytest.mark.skipif(not is_installed("uvicorn"), reason="needs the extra serve")
WAIT_S = 20  # for an answer that comes much earlier


async def echo(scope, receive, send):
    """Answer the number of bytes; /early answers before the body, /never does not answer, /large answers a lot."""
    n_bytes, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        n_bytes += len(message.get("body", b""))
        more = message.get("more_body", False)
    if scope["path"] == "/never":
        await asyncio.sleep(60)
    body = bytes(30_000_000) if scope["path"] == "/large" else b"%d" % n_bytes
    fields = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def serve(**limits):
    """Give the port of a server whose connections have these limits."""
    import uvicorn

    from headstart.serve.guarded_protocol import GuardedProtocol

    config = uvicorn.Config(
        echo, port=0, http=type("Limited", (GuardedProtocol,), limits), ws="none", lifespan="off", log_level="critical",
        timeout_keep_alive=1, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def port():
    """Give the port of a server that is patient, but not about long heads."""
    with serve(max_head_bytes=1000) as port:
        yield port


@pytest.fixture(scope="module")
def quick_port():
    """Give the port of a server that does not wait long for anything."""
    with serve(head_s=0.6, stall_s=0.6, body_s=1.8, answer_s=0.6, rest_s=0.6) as port:
        yield port


def exchange(port, *pieces, pause_s=0.0):
    """Send the pieces, with a pause between them, and return all that the service sends until it closes."""

    async def talk():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def send():
            with contextlib.suppress(ConnectionError):  # the service has closed it meanwhile
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause_s)

        sending = asyncio.create_task(send())
        told = b""
        with contextlib.suppress(ConnectionError):
            while data := await asyncio.wait_for(reader.read(65_536), WAIT_S):
                told += data
        sending.cancel()
        writer.close()
        return told

    return asyncio.run(talk())


def read_error(told):
    head, body = told.split(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body)["error"]


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD + b"X: ", *[b"a" * 300] * 20],  # one field that does not end
        [HEAD, *[b"X: aaa\r\n"] * 300, b"\r\n"],  # many fields
        [HEAD + b"X: " + b"a" * 2000 + b"\r\nContent-Length: 0\r\n\r\n"],  # the whole head in one piece
        [b"GET /" + b"a" * 2000],
        [b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\n\r\n"],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", *[b"X: aaa\r\n"] * 300, b"\r\n"],  # trailers
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", *[b"a" * 300] * 20],  # an extension of a chunk
        [b"\r\n" * 2000],
    ],
)
def test_too_long_a_head_is_refused(port, pieces):
    status, sentence = read_error(exchange(port, *pieces, pause_s=0.001))
    assert (status, sentence) == (431, "The head of the request is too large, need at most 1 kB.")


def test_heads_within_the_limit_are_answered_one_after_another(port):
    head = HEAD + b"X: " + b"a" * 800 + b"\r\nContent-Length: 2\r\n\r\nab"
    told = exchange(port, head * 3, head)
    assert told.count(b"HTTP/1.1 200 OK") == 4
    assert told.endswith(b"2")


@pytest.mark.slow
def test_a_long_body_is_no_long_head(port):
    told = exchange(port, HEAD + b"Content-Length: 500000\r\n\r\n", *[b"a" * 5000] * 100)
    assert told.endswith(b"500000")
    chunked = exchange(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\na\r\n"] * 2000, b"0\r\n\r\n")
    assert chunked.endswith(b"2000")


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


def test_an_upgrade_is_ignored_or_refused_if_its_body_would_be_lost(port):
    assert exchange(port, b"GET / HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n").startswith(b"HTTP/1.1 200 OK")
    status, sentence = read_error(exchange(port, HEAD + UPGRADE + b"Content-Length: 2\r\n\r\nab"))
    assert (status, sentence) == (400, "The request asks for another protocol (Upgrade), need plain HTTP/1.1.")


def test_an_invalid_request_gets_a_sentence(port):
    assert read_error(exchange(port, b"\x00\x01 nothing\r\n\r\n")) == (400, "The request is no valid HTTP/1.1.")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pieces", "pause_s", "sentence"),
    [
        ([HEAD], 0, "The head of the request takes too long, need it within 0.6 s."),
        ([bytes([byte]) for byte in HEAD], 0.05, "The head of the request takes too long"),  # a byte now and then
        ([HEAD + b"Content-Length: 5\r\n\r\nab"], 0, "The body takes too long, need it within 1.8 s"),
        ([HEAD + b"Content-Length: 5\r\n\r\n"], 0, "The body takes too long"),
        ([HEAD + b"Content-Length: 500\r\n\r\n", *[b"a"] * 400], 0.05, "The body takes too long"),
        ([HEAD + b"Content-Length: 0\r\n\r\n", HEAD], 0.1, "The head of the request takes too long"),  # the second one
    ],
)
def test_a_slow_request_is_refused(quick_port, pieces, pause_s, sentence):
    told = exchange(quick_port, *pieces, pause_s=pause_s)
    status, said = read_error(told[told.index(b"HTTP/1.1 408") :])
    assert status == 408
    assert said.startswith(sentence)


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [[], [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]])
def test_an_idle_connection_is_closed(quick_port, pieces):
    assert exchange(quick_port, *pieces).count(b"HTTP/1.1") == len(pieces)


EARLY = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\n"


@pytest.mark.slow
def test_a_body_after_its_answer_has_a_limit_too(quick_port):
    told = exchange(quick_port, EARLY, *[b"a"] * 90, pause_s=0.05)
    assert told.startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_reads_only_after_its_body_gets_the_answer(port):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(EARLY)
        client.sendall(bytes(30_000_000))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with client.makefile("rb") as file:
            assert file.read().count(b"HTTP/1.1 200 OK") == 2


def test_an_answer_that_never_comes_ends_the_connection(quick_port):
    assert exchange(quick_port, b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n") == b""


@pytest.mark.slow
def test_a_client_that_does_not_read_its_answer_is_cut_off(quick_port):
    async def talk():
        reader, writer = await asyncio.open_connection("127.0.0.1", quick_port, limit=1000)
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(2.5)
        n_bytes = 0
        with contextlib.suppress(ConnectionError):
            while data := await asyncio.wait_for(reader.read(1_000_000), WAIT_S):
                n_bytes += len(data)
        writer.close()
        return n_bytes

    assert asyncio.run(talk()) < 30_000_000


def test_many_held_connections_are_all_closed(quick_port):
    async def hold():
        pairs = [await asyncio.open_connection("127.0.0.1", quick_port) for _ in range(200)]
        for number, (_, writer) in enumerate(pairs):
            writer.write(HEAD[: number % len(HEAD)])
        told = await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in pairs)), WAIT_S)
        for _, writer in pairs:
            writer.close()
        return told

    told = asyncio.run(hold())
    assert len(told) == 200
    assert {one.split(b"\r\n")[0] for one in told} == {b"", b"HTTP/1.1 408 Request Timeout"}
