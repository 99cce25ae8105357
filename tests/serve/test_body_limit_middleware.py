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
    asyncio.run(BodyLimit(app, 100, 250)(scope, receive, send))
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

    asyncio.run(BodyLimit(app, 100, 250)({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


def hold(limit, n_bytes, claims=None):
    """Return a request that has sent its bytes and waits for its answer until the event, and its answer."""
    sent, is_received, may_end = [], asyncio.Event(), asyncio.Event()

    async def receive():
        return {"type": "http.request", "body": b"x" * n_bytes, "more_body": False}

    async def send(message):
        sent.append(message)

    async def wait(scope, receive, send):
        await receive()
        is_received.set()
        await may_end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    limit._app = wait
    headers = [] if claims is None else [(b"content-length", b"%d" % claims)]
    return limit({"type": "http", "headers": headers}, receive, send), is_received, may_end, sent


@pytest.mark.parametrize("claims", [None, 90])
def test_all_bodies_together_have_a_limit_until_they_are_answered(claims):
    async def ask_three():
        limit = BodyLimit(None, 100, 250)
        waiting = []
        for _ in range(2):
            request, is_received, may_end, sent = hold(limit, 90, claims)
            waiting.append((asyncio.create_task(request), may_end, sent))
            await is_received.wait()
        request, *_, refused = hold(limit, 90, claims)
        await request
        for _, may_end, _ in waiting:
            may_end.set()
        await asyncio.gather(*(task for task, *_ in waiting))
        request, _, may_end, later = hold(limit, 90, claims)
        may_end.set()
        await request
        return refused, [sent[0]["status"] for *_, sent in waiting], later

    refused, others, later = asyncio.run(ask_three())
    assert refused[0]["status"] == 503
    assert dict(refused[0]["headers"])[b"retry-after"] == b"5"
    assert "too many bytes" in json.loads(refused[1]["body"])["error"]
    assert others == [200, 200]
    assert later[0]["status"] == 200


def test_bytes_of_a_request_that_fails_are_free_again():
    async def fail(scope, receive, send):
        await receive()
        raise ZeroDivisionError("a fault")

    async def receive():
        return {"type": "http.request", "body": b"x" * 90, "more_body": False}

    async def ask_often():
        limit = BodyLimit(fail, 100, 250)
        for _ in range(5):
            with pytest.raises(ZeroDivisionError, match="a fault"):
                await limit({"type": "http", "headers": []}, receive, None)

    asyncio.run(ask_often())
