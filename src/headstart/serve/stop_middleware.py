"""A middleware that answers the requests which are still running when the service stops."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from headstart.serve.body_limit_middleware import App, Message, Receive, Send, send_error


class AnswerAtTheEnd:
    """Answers a request with 503 if the server cancels it, after the grace time; without this a traceback is logged."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_started = False

        async def send_noted(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            if not is_started:
                await send_error(send, 503, "The service stops. Try again later.")
