"""Killed at a random moment, a training goes on where it was and ends with the same numbers."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

import headstart as hs
from headstart.features.feature_cache import FeatureCache

N_KILLS = 10


def without_times(metrics):
    tried = [{**trial, "seconds": None} for trial in metrics["auto"]["tried"]]
    kept = {key: value for key, value in metrics.items() if key not in ("seconds", "n_extracted", "n_cached")}
    candidates = [{**one, "seconds": None} for one in metrics["candidates"]]
    return kept | {"auto": metrics["auto"] | {"tried": tried}, "candidates": candidates}


@pytest.mark.slow
def test_kill_9_ten_times(make_folder, tmp_path):
    folder = make_folder(n=60)
    expected = hs.train(folder, out=tmp_path / "expected", image_size=128, cache=False, verbose=False).metrics
    (tmp_path / "out").mkdir()
    environment = os.environ | {"HEADSTART_CACHE": str(tmp_path / "cache")}
    # features are saved every 20th of a second here: the photos are so few that none would be saved before the end
    script = (
        "import headstart.features.cached_rows as e; e.SAVE_EVERY_S = 0.05; from headstart.cli.main import main; main()"
    )
    command = [
        sys.executable,
        "-c",
        script,
        "train",
        str(folder),
        "--out",
        str(tmp_path / "out" / "run"),
        "--image-size",
        "128",
    ]
    generator = random.Random(0)
    n_kept = 0
    for n in range(2 * N_KILLS):
        if n >= N_KILLS and n_kept:
            break
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(generator.uniform(0.3, 2.0) * max(1, n - N_KILLS + 2))  # longer, if nothing is kept by then
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (tmp_path / "out" / "run").exists():  # it was faster than the kill: then it is whole
            assert without_times(hs.Run(tmp_path / "out" / "run").metrics) == without_times(expected)
            (tmp_path / "out" / "run").rename(tmp_path / f"whole{time.time_ns()}")
        with FeatureCache(tmp_path / "cache") as cache:
            n_kept = cache.count()
    assert n_kept > 0
    answer = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=True)
    metrics = json.loads(answer.stdout)
    del metrics["run"], metrics["note_records"]  # metrics.json has neither
    assert metrics["n_cached"] == min(n_kept, 120)  # after the photos, the images of the gallery are kept, too
    assert without_times(metrics) == without_times(expected)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run"]
