"""A request that the server cancels is answered."""

import asyncio
import json

import pytest

from headstart.serve.stop_middleware import AnswerAtTheEnd


def cancel(app, kind="http"):
    sent = []

    async def send(message):
        sent.append(message)

    async def run():
        task = asyncio.create_task(AnswerAtTheEnd(app)({"type": kind}, None, send))
        await asyncio.sleep(0)
        task.cancel()
        await task

    asyncio.run(run())
    return sent


async def wait(scope, receive, send):
    await asyncio.sleep(60)


async def start_and_wait(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(60)


def test_a_cancelled_request_is_answered():
    start, body = cancel(wait)
    assert (start["status"], dict(start["headers"])[b"retry-after"]) == (503, b"5")
    assert json.loads(body["body"]) == {"error": "The service stops. Try again later."}


def test_an_answer_that_has_started_is_not_replaced():
    assert [message.get("status") for message in cancel(start_and_wait)] == [200]


def test_the_start_of_the_service_can_be_cancelled():
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        cancel(wait, "lifespan")
