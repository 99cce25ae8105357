"""Every request is counted once, by the route that answered and not by what was typed."""

import asyncio
from types import SimpleNamespace

import pytest

pytest.importorskip("prometheus_client")
from headstart.serve.metrics import Measure, Meters


def ask(meters, status=200, route="/predict", fault=None):
    async def app(scope, receive, send):
        if route:
            scope["route"] = SimpleNamespace(path=route)
        if fault:
            raise fault
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body"})

    async def send(message):
        pass

    asyncio.run(Measure(app, meters)({"type": "http", "path": "/typed"}, None, send))


def read(meters, path, status):
    return meters.registry.get_sample_value("headstart_requests_total", {"path": path, "status": status})


def test_requests_are_counted_by_route_and_status_and_timed():
    meters = Meters()
    ask(meters)
    ask(meters)
    ask(meters, 422)
    assert (read(meters, "/predict", "200"), read(meters, "/predict", "422")) == (2, 1)
    assert meters.registry.get_sample_value("headstart_request_seconds_count", {"path": "/predict"}) == 3


def test_addresses_that_are_none_are_counted_together():
    meters = Meters()
    ask(meters, 404, route=None)
    assert read(meters, "other", "404") == 1
    assert read(meters, "/typed", "404") is None


def test_a_fault_counts_as_what_it_is_answered_with():
    meters = Meters()
    with pytest.raises(ValueError, match="no"):
        ask(meters, fault=ValueError("no"))
    assert read(meters, "/predict", "500") == 1


def test_services_count_for_themselves():
    one, other = Meters(), Meters()
    ask(one)
    assert read(other, "/predict", "200") is None
