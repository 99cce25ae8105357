"""The cores that this process may use are counted."""

import os
from pathlib import Path

import pytest

from headstart.process import cores
from headstart.process.cores import count_cores, limit_cores


def test_the_count_is_between_one_and_the_cores_of_the_machine():
    assert 1 <= count_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(("limit", "n_cores"), [("max 100000", 8), ("150000 100000", 2), ("10000 100000", 1), ("", 8)])
def test_a_container_limits_the_count(monkeypatch, limit, n_cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(Path, "read_text", lambda _: limit)
    assert cores._find_cores.__wrapped__() == n_cores


def test_the_count_can_be_limited(monkeypatch):
    monkeypatch.setattr(cores, "_limits", [])
    monkeypatch.setattr(cores, "_find_cores", lambda: 8)
    assert count_cores() == 8
    limit_cores(3)
    assert count_cores() == 3
    limit_cores(9)
    assert count_cores() == 8
