"""A body is read up to its limit, whatever its Content-Length and its reader."""

import asyncio
import json

import pytest

from headstart.serve.body_limit_middleware import BodyLimit


async def echo(scope, receive, send):
    n_bytes, more = 0, True
    while more:
        message = await receive()
        n_bytes += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(n_bytes).encode()})


async def answer_all_errors_with_400(scope, receive, send):
    """Answer as frameworks do that catch all errors of a form parser."""
    try:
        await echo(scope, receive, send)
    except Exception:
        await send({"type": "http.response.start", "status": 400, "headers": []})


def ask(app, chunks, headers=()):
    """Return the status, and the body as JSON, of a request that comes in chunks; and how many were read."""
    sent, left = [], list(chunks)

    async def receive():
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "headers": list(headers)}
    asyncio.run(BodyLimit(app, 100)(scope, receive, send))
    begins = [message["status"] for message in sent if message["type"] == "http.response.start"]
    assert len(begins) == 1
    return begins[0], json.loads(sent[-1]["body"]), len(chunks) - len(left)


def test_a_body_within_the_limit_passes():
    assert ask(echo, [b"x" * 60, b"x" * 40]) == (200, 100, 2)


@pytest.mark.parametrize("app", [echo, answer_all_errors_with_400])
def test_a_body_without_a_length_is_refused_at_the_limit(app):
    status, told, n_read = ask(app, [b"x" * 60] * 5)
    assert (status, n_read) == (413, 2)
    assert told == {"error": "The request is too large, need at most 0.0001 MB."}


@pytest.mark.parametrize("claimed", [b"101", b"9" * 5000])
def test_a_body_with_too_large_a_length_is_not_read(claimed):
    assert ask(echo, [b"x"], [(b"content-length", claimed)])[::2] == (413, 0)


@pytest.mark.parametrize("claimed", [b"-1", b"1e3", b"", "²".encode()])
def test_a_content_length_that_is_not_a_number_is_refused(claimed):
    status, told, _ = ask(echo, [b"x"], [(b"content-length", claimed)])
    assert (status, told["error"]) == (400, "The header Content-Length must be a number of bytes.")


def test_an_answer_that_has_started_is_not_replaced():
    async def hasty(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"1"})
        await receive()

    assert ask(hasty, [b"x" * 500]) == (200, 1, 1)


def test_other_events_than_requests_pass():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(BodyLimit(app, 100)({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
