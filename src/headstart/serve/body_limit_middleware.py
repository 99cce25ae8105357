"""A middleware that reads the body of a request up to a limit, whatever its Content-Length says."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
_MAX_DIGITS = 18  # of a Content-Length


class _TooLargeError(Exception):
    """The body exceeds the limit."""


class BodyLimit:
    """Refuses a body that is too large, by its Content-Length or while it is received, and closes the connection."""

    def __init__(self, app: App, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        claimed = dict(scope["headers"]).get(b"content-length", b"0").strip()
        if not claimed.isdigit():
            await _refuse(send, 400, "The header Content-Length must be a number of bytes.")
            return
        # the number of digits first: Python converts no text of thousands of digits
        if len(claimed.lstrip(b"0")) > _MAX_DIGITS or int(claimed[-_MAX_DIGITS:]) > self._max_bytes:
            await self._refuse(send)
            return
        n_bytes, is_started = 0, False

        async def receive_counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > self._max_bytes:
                raise _TooLargeError
            return message

        async def send_checked(message: Message) -> None:
            nonlocal is_started
            if n_bytes > self._max_bytes and not is_started:
                raise _TooLargeError  # a form parser has taken our error for a damaged form
            is_started = True
            await send(message)

        try:
            await self._app(scope, receive_counted, send_checked)
        except _TooLargeError:
            if not is_started:
                await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        await _refuse(send, 413, f"The request is too large, need at most {self._max_bytes / 1e6:g} MB.")


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
