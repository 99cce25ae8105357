"""Cores are counted as this process may use them."""

import os
from pathlib import Path

import pytest

from headstart.process import cores
from headstart.process.cores import count_cores, limit_cores


def test_at_least_one_and_no_more_than_there_are():
    assert 1 <= count_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(("limit", "n_cores"), [("max 100000", 8), ("150000 100000", 2), ("10000 100000", 1), ("", 8)])
def test_a_container_may_have_less(monkeypatch, limit, n_cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(Path, "read_text", lambda _: limit)
    assert cores._find_cores.__wrapped__() == n_cores


def test_a_process_can_be_given_fewer(monkeypatch):
    monkeypatch.setattr(cores, "_limits", [])
    monkeypatch.setattr(cores, "_find_cores", lambda: 8)
    assert count_cores() == 8
    limit_cores(3)
    assert count_cores() == 3
    limit_cores(9)
    assert count_cores() == 8
