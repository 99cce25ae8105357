"""A cluster is joined, or the reason is one sentence. An existing connection is used and kept."""

import socket

import pytest

from headstart.errors import MissingExtraError, ScaleError
from headstart.scale.cluster import connect, measure_cluster


def test_a_missing_ray_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr("headstart.process.packages.is_installed", lambda name: False)
    with pytest.raises(MissingExtraError, match=r"got no package 'ray'.*headstart\[ray\]"), connect("local"):
        pass


def test_an_existing_connection_is_used_and_kept(own_ray):
    with connect("10.255.255.1:1") as found:
        assert found == measure_cluster()
    assert own_ray.is_initialized()


def test_an_address_without_a_server_is_refused_at_once(monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with (
            pytest.raises(ScaleError, match=rf"Cannot join the Ray cluster at '{address}': .*Connection refused"),
            connect(address),
        ):
            pass


@pytest.mark.parametrize(
    ("cpus", "n_workers", "cpus_per_worker"), [([2.0], 1, 2), ([1.0, 1.0], 2, 1), ([16.0, 8.0, 0.0], 6, 4)]
)
def test_processors_are_divided_among_workers(monkeypatch, cpus, n_workers, cpus_per_worker):
    ray = pytest.importorskip("ray")
    nodes = [{"Alive": True, "Resources": {"CPU": n}} for n in cpus]
    monkeypatch.setattr(ray, "nodes", lambda: [*nodes, {"Alive": False, "Resources": {"CPU": 64.0}}])
    found = measure_cluster()
    assert (found.n_workers, found.cpus_per_worker) == (n_workers, cpus_per_worker)
    assert found.n_machines == sum(n > 0 for n in cpus)


def test_a_cluster_without_processors_is_refused(monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(ray, "nodes", lambda: [{"Alive": True, "Resources": {}}])
    with pytest.raises(ScaleError, match="got no machine that offers a CPU"):
        measure_cluster()
