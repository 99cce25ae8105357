"""Run the command line as a user does: in a process of its own."""

import subprocess
import sys

import pytest


@pytest.fixture
def headstart():
    def run(*arguments, **options):
        command = [sys.executable, "-m", "headstart", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)

    return run
