"""A request's body is read up to a limit, whatever it claims of itself."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
_DIGITS = 18  # of any length that could be meant


class _TooLargeError(Exception):
    """More has come than may."""


class BodyLimit:
    """Refuses a body of more bytes: by its own claim at once, otherwise as soon as it has come so far.

    Parameters
    ----------
    app
        What answers the request.
    """

    def __init__(self, app: App, most_bytes: int) -> None:
        self._app, self._most = app, most_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        claimed = dict(scope["headers"]).get(b"content-length", b"0").strip()
        if not claimed.isdigit():
            await _refuse(send, 400, "The header Content-Length must be a number of bytes.")
            return
        # the length first: Python makes no number of thousands of digits
        if len(claimed.lstrip(b"0")) > _DIGITS or int(claimed[-_DIGITS:]) > self._most:
            await self._refuse(send)
            return
        n_bytes, is_begun = 0, False

        async def count() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > self._most:
                raise _TooLargeError
            return message

        async def note(message: Message) -> None:
            nonlocal is_begun
            if n_bytes > self._most and not is_begun:
                raise _TooLargeError  # whoever read the body took it for damaged
            is_begun = True
            await send(message)

        try:
            await self._app(scope, count, note)
        except _TooLargeError:
            if not is_begun:
                await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        await _refuse(send, 413, f"The request is too large, need at most {self._most / 1e6:g} MB.")


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
