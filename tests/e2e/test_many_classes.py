"""A thousand classes: a run of small files, in the memory of a laptop."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

N_CLASSES, N_PHOTOS = 1000, 3
# a process starts with the peak memory of its parent, and the parent of this one is small, which pytest may not be
LAUNCHER = """
import os, sys
child = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Tiny photos: the classes are colours in four corners."""
    folder = tmp_path_factory.mktemp("photos")
    draw = np.random.default_rng(0)
    for number in range(N_CLASSES):
        (folder / f"{number:04}").mkdir()
        corners = draw.integers(30, 226, (2, 2, 3))
        for photo in range(N_PHOTOS):
            pixels = corners + draw.integers(-20, 21, corners.shape)
            image = Image.fromarray(pixels.astype(np.uint8)).resize((32, 32), Image.Resampling.NEAREST)
            image.save(folder / f"{number:04}" / f"{photo}.png")
    return folder


@pytest.mark.large
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system does not tell the peak memory of a process")
def test_a_thousand_classes(photos, tmp_path):
    run = tmp_path / "run"
    command = [sys.executable, "-m", "headstart", "train", str(photos), "--method", "fixed", "--image-size", "96"]
    command += ["--strength", "0.01"]  # to choose it takes minutes
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *command[1:], "--out", str(run)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) * 1024 < 700e6
    assert (run / "metrics.json").stat().st_size < 1e6
    assert (run / "predictions.csv").stat().st_size < 3e6 * N_PHOTOS / 4
    metrics = json.loads((run / "metrics.json").read_text())
    assert len(metrics["classes"]) == len(metrics["test"]["per_class"]) == N_CLASSES
    first = (run / "predictions.csv").read_text().splitlines()[1].split(",")
    assert first[3] in metrics["classes"]
    assert first[7] in metrics["classes"]
    assert first[3] != first[7]
