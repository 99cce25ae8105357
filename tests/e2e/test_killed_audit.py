"""Killed at a random moment, an audit leaves no half of a folder, and the next one is complete."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

N_KILLS = 10


@pytest.mark.slow
def test_kill_9_ten_times(make_folder, tmp_path):
    folder, out = make_folder(n=40), tmp_path / "out"
    environment = os.environ | {"HEADSTART_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "headstart", "audit", folder, "--out", out / "audit", "--image-size", "128"]
    command = [*map(str, command), "--overwrite"]
    started = time.monotonic()
    subprocess.run(command, env=environment, capture_output=True, check=True)
    took_s = time.monotonic() - started
    names = sorted(path.name for path in (out / "audit").iterdir())
    generator, n_whole = random.Random(0), 0
    for n in range(N_KILLS):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(generator.uniform(0.7, 1.05) * took_s if n % 2 else generator.uniform(0.1, 0.9) * took_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (
            out / "audit"
        ).exists():  # the old audit, or the new one; while it is replaced, the old one has another name
            assert sorted(path.name for path in (out / "audit").iterdir()) == names
            assert json.loads((out / "audit" / "audit.json").read_text())["n_photos"] == 80
            n_whole += 1
    assert n_whole > 0
    subprocess.run(command, env=environment, capture_output=True, check=True)
    assert "audit" in {path.name for path in out.iterdir()}
    assert not list(out.glob(".audit.partial-*"))
