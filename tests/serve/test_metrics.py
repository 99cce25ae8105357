"""Every request is counted once, by its route and not by its path."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("prometheus_client")
from headstart.serve.metrics import MetricsMiddleware, ServiceMetrics


def ask(metrics, status=200, route="/predict", fault=None):
    async def app(scope, receive, send):
        if route:
            scope["route"] = SimpleNamespace(path=route)
        if fault:
            raise fault
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body"})

    async def send(message):
        pass

    asyncio.run(MetricsMiddleware(app, metrics)({"type": "http", "path": "/typed"}, None, send))


def read(metrics, path, status):
    return metrics.registry.get_sample_value("headstart_requests_total", {"path": path, "status": status})


def test_requests_are_counted_by_route_and_status_and_timed():
    metrics = ServiceMetrics()
    ask(metrics)
    ask(metrics)
    ask(metrics, 422)
    assert (read(metrics, "/predict", "200"), read(metrics, "/predict", "422")) == (2, 1)
    assert metrics.registry.get_sample_value("headstart_request_seconds_count", {"path": "/predict"}) == 3


def test_unknown_paths_are_counted_together():
    metrics = ServiceMetrics()
    ask(metrics, 404, route=None)
    assert read(metrics, "other", "404") == 1
    assert read(metrics, "/typed", "404") is None


def test_a_failure_is_counted_as_500():
    metrics = ServiceMetrics()
    with pytest.raises(ValueError, match="no"):
        ask(metrics, fault=ValueError("no"))
    assert read(metrics, "/predict", "500") == 1


def test_each_service_has_its_own_counters():
    one, other = ServiceMetrics(), ServiceMetrics()
    ask(one)
    assert read(other, "/predict", "200") is None


def test_a_state_without_novelty_leaves_the_gauges_without_a_number():
    metrics = ServiceMetrics()
    metrics.note_drift({"recent": {"n_photos": 0, "n_refused": 0, "mean_novelty": None}, "is_drifting": None})
    read_gauge = metrics.registry.get_sample_value
    assert np.isnan(read_gauge("headstart_recent_novelty"))
    assert np.isnan(read_gauge("headstart_drift_alarm"))
    metrics.note_drift({"recent": {"n_photos": 4, "n_refused": 1, "mean_novelty": 0.3}, "is_drifting": False})
    assert read_gauge("headstart_drift_alarm") == 0
    metrics.note_drift({"recent": {"n_photos": 4, "n_refused": 1, "mean_novelty": 0.3}, "is_drifting": True})
    assert read_gauge("headstart_recent_refused_share") == 0.25
    assert read_gauge("headstart_recent_novelty") == 0.3
    assert read_gauge("headstart_drift_alarm") == 1
