"""The clocks of the process that decodes: its own work counts, and time that other programs take counts less."""

import signal
import subprocess
import sys
import time

import pytest

BEGIN = """
import sys, time
from headstart.pixels import decoding_worker
from headstart.pixels.decoding_worker import _set_clocks
decoding_worker.BUSY = {busy}
_set_clocks(0.4, open("/dev/null", "w"))
"""
WORKS = """
while True:
    pass
"""


def run(code: str, busy: int = 3) -> int:
    return subprocess.run([sys.executable, "-c", BEGIN.format(busy=busy) + code], timeout=60, check=False).returncode


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no clock of the processor")
def test_time_counts_while_the_processor_works():
    assert run(WORKS, busy=100) == -signal.SIGPROF
    assert run("time.sleep(0.6)", busy=100) == 0  # such as on a machine whose processor others use
    assert run("time.sleep(60)") == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no clock of the processor")
def test_the_clocks_stop_with_the_photo():
    stop = "_set_clocks(0, None)\nends = time.process_time() + 0.6\nwhile time.process_time() < ends: pass\n"
    started = time.monotonic()
    assert run(stop + "time.sleep(1.5)", busy=100) == 0
    assert time.monotonic() - started > 1.5
