"""What is counted and timed, in the terms of Prometheus."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from headstart.serve.body_limit import App, Message, Receive, Send


class Meters:
    """Counters and histograms of one service.

    Attributes
    ----------
    requests, seconds
        By path, and requests by status as well.
    photos
        Answered, by label.
    batch
        Photos that were classified together.
    """

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter("headstart_requests", "Requests.", ["path", "status"], registry=registry)
        self.seconds = Histogram("headstart_request_seconds", "Seconds to answer.", ["path"], registry=registry)
        self.photos = Counter("headstart_photos", "Photos answered, by label.", ["label"], registry=registry)
        self.batch = Histogram(
            "headstart_batch_photos", "Photos classified together.", registry=registry, buckets=(1, 2, 4, 8, 16, 32)
        )


class Measure:
    """Counts and times every request."""

    def __init__(self, app: App, meters: Meters) -> None:
        self._app, self._meters = app, meters

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception:
            status = status or 500  # as it is answered further out
            raise
        finally:
            # not what a stranger typed: the paths would grow without end
            path = getattr(scope.get("route"), "path", "other")
            self._meters.requests.labels(path, str(status)).inc()
            self._meters.seconds.labels(path).observe(time.perf_counter() - began)
