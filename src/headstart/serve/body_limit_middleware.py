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


class _RejectionError(Exception):
    """The bytes of this body, or of all bodies, exceed their limit."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class BodyLimit:
    """Rejects a body that is too large, by its Content-Length or while it is received.

    The bodies of all requests that are not answered yet have a limit too: memory does not grow with the number of
    clients.
    """

    def __init__(self, app: App, max_bytes: int, max_bytes_in_flight: int) -> None:
        self._app, self._max_bytes, self._max_in_flight = app, max_bytes, max_bytes_in_flight
        self._n_in_flight = 0  # bytes that were received and not answered yet

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or reject it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        n_bytes, is_refused, is_started = 0, False, False

        async def receive_counted() -> Message:
            nonlocal n_bytes, is_refused
            message = await receive()
            n_new = len(message.get("body", b""))
            n_bytes += n_new
            self._n_in_flight += n_new
            is_refused = True
            self._check(n_bytes, self._n_in_flight)
            is_refused = False
            return message

        async def send_checked(message: Message) -> None:
            nonlocal is_started
            if is_refused and not is_started:
                self._check(n_bytes, self._max_in_flight + 1)  # a form parser has taken our error for a damaged form
            is_started = True
            await send(message)

        try:
            n_claimed = _read_content_length(scope)
            self._check(n_claimed, self._n_in_flight + n_claimed)
            await self._app(scope, receive_counted, send_checked)
        except _RejectionError as error:
            if not is_started:
                await send_error(send, error.status, error.sentence)
        finally:
            self._n_in_flight -= n_bytes

    def _check(self, n_bytes: int, n_in_flight: int) -> None:
        if n_bytes > self._max_bytes:
            raise _RejectionError(413, f"The request is too large, need at most {self._max_bytes / 1e6:g} MB.")
        if n_in_flight > self._max_in_flight:
            raise _RejectionError(503, "The service receives too many bytes at the moment. Try again in a moment.")


def _read_content_length(scope: MutableMapping[str, Any]) -> int:
    claimed = dict(scope["headers"]).get(b"content-length", b"0").strip()
    if not claimed.isdigit():
        raise _RejectionError(400, "The header Content-Length must be a number of bytes.")
    # Python converts no text of thousands of digits
    return int(claimed[-_MAX_DIGITS:]) if len(claimed.lstrip(b"0")) <= _MAX_DIGITS else 10**_MAX_DIGITS


async def send_error(send: Send, status: int, sentence: str) -> None:
    """Answer with a sentence; after it, the server ignores the body."""
    body = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
