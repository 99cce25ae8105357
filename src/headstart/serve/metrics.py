"""Counters and timers of the service, in the format of Prometheus."""

from __future__ import annotations

import math
import time
from collections.abc import MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary

from headstart.serve.body_limit_middleware import App, Message, Receive, Send


class ServiceMetrics:
    """Counters and histograms of one service."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter("headstart_requests", "Requests.", ["path", "status"], registry=registry)
        self.seconds = Histogram("headstart_request_seconds", "Seconds to answer.", ["path"], registry=registry)
        self.photos = Counter("headstart_photos", "Photos answered, by label.", ["label"], registry=registry)
        self.refused = Counter("headstart_refused_photos", "Photos answered: none of these.", registry=registry)
        self.novelty = Summary("headstart_novelty", "Novelty of the photos, 0 to 1: sum and count.", registry=registry)
        self.recent_refused = Gauge(
            "headstart_recent_refused_share", "Share of the last 200 photos that were refused.", registry=registry
        )
        self.recent_novelty = Gauge(
            "headstart_recent_novelty",
            "Mean novelty of the last 200 photos; 0.5 is expected of new ones.",
            registry=registry,
        )
        self.recent_refused.set(math.nan)  # until there is a photo
        self.recent_novelty.set(math.nan)
        self.is_drifting = Gauge(
            "headstart_drift_alarm",
            "1 if the photos are not like the training photos, else 0; NaN if the classifier cannot tell.",
            registry=registry,
        )  # fmt: skip
        self.batch = Histogram(
            "headstart_batch_photos", "Photos classified together.", registry=registry, buckets=(1, 2, 4, 8, 16, 32)
        )

    def note_drift(self, state: dict[str, Any]) -> None:
        """Set the gauges of the last photos, from what `DriftWatch.describe` returns."""
        recent = state["recent"]
        if recent["n_photos"]:
            self.recent_refused.set(recent["n_refused"] / recent["n_photos"])
            self.recent_novelty.set(recent["mean_novelty"])
        self.is_drifting.set(math.nan if state["is_drifting"] is None else state["is_drifting"])


class MetricsMiddleware:
    """Counts and times all requests."""

    def __init__(self, app: App, metrics: ServiceMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception:
            status = status or 500  # the status of the outer error handler
            raise
        finally:
            # the route, not the requested path: clients could create any number of labels
            path = getattr(scope.get("route"), "path", "other")
            self._metrics.requests.labels(path, str(status)).inc()
            self._metrics.seconds.labels(path).observe(time.perf_counter() - start)
