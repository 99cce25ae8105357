"""Threads that wait do not take the cores from those that they wait for."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, "1000"),
        ({"GOMP_SPINCOUNT": "7"}, "7"),  # the user's own word stands
        ({"OMP_WAIT_POLICY": "active"}, None),
    ],
)
def test_waiting_threads_spin_shortly(told, expected):
    plain = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    script = "import headstart.tune.trainee, os; print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run([sys.executable, "-c", script], env=plain | told, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(expected)


def test_it_is_set_before_torch_is_imported():
    script = "import headstart.tune, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
