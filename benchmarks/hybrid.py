"""Training above a cut, against an earlier commit: whole cold trainings, in turn.

`headstart train --method hybrid --train-norms --average-views --precision f32` in a process of its own with an empty
cache, from the scan to the report. The earlier commit is 113d0fa (16 epochs, photos judged from their pixels). Coffee
leaves (1,685 photos) and solar cells (2,624 photos, on PyPI). Processor seconds are compared, because seconds depend on
what else the machine does: two threads that wait for each other lose more of them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import DATA, ROOT, Claim, Timing, publish, run_process, use_empty_cache
from headstart.training.demo import write_demo_catalog

BEFORE = "113d0fa"
SETS = {"coffee-leaf": (0.925, 4.0), "solar-cells": (0.885, 4.0)}  # least mean accuracy of five seeds, and least ratio
LOSS = 0.015  # of accuracy that chance makes in a few seeds
OPTIONS = ("--method", "hybrid", "--train-norms", "--average-views", "--precision", "f32")


@contextmanager
def check_out(commit: str, folder: Path) -> Iterator[Path]:
    """Give a checkout of a commit, and delete it at the end of the block."""
    path = folder / "before"
    git = [shutil.which("git") or "git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--detach", str(path), commit], check=True, capture_output=True)
    try:
        yield path
    finally:
        subprocess.run([*git, "remove", "--force", str(path)], check=True, capture_output=True)


def find_photos(name: str, data: Path, folder: Path, seed: int) -> Path:
    """Return the photos of a set: a folder, or a CSV for solar cells."""
    if name != "solar-cells":
        return data / name
    path = folder / f"{name}-{seed}.csv"
    write_demo_catalog(path, seed, is_weighted=True)
    return path


def train(code: Path, photos: Path, folder: Path, seed: int) -> tuple[Timing, float]:
    """Train by the code of a checkout with an empty cache. Return the timing and the test accuracy."""
    shutil.rmtree(folder / "cache", ignore_errors=True)
    run = folder / "run"
    command = [
        sys.executable,
        "-m",
        "headstart",
        "train",
        photos,
        *OPTIONS,
        "--seed",
        seed,
        "--out",
        run,
        "--overwrite",
    ]
    timing = run_process(command, PYTHONPATH=str(code / "src"))
    return timing, json.loads((run / "metrics.json").read_text())["test"]["accuracy"]


def main() -> None:
    """Train by both commits in turn, for each set and seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA, help="the folder of the sets of photos")
    parser.add_argument("--before", type=Path, help=f"a checkout of {BEFORE}; by default git makes one")
    parser.add_argument("--sets", default=",".join(SETS), help="with commas between")
    parser.add_argument("--seeds", default="0", help="with commas between")
    told = parser.parse_args()
    seeds = [int(seed) for seed in told.seeds.split(",")]
    rows, claims = [], []
    with use_empty_cache() as folder:
        maker = check_out(BEFORE, folder) if told.before is None else _give(told.before)
        with maker as before:
            for name in told.sets.split(","):
                found: dict[str, list[tuple[Timing, float]]] = {BEFORE: [], "now": []}
                for seed in seeds:
                    photos = find_photos(name, told.data, folder, seed)
                    for code, some in zip((before, ROOT), found.values(), strict=True):
                        some.append(train(code, photos, folder, seed))
                least_accuracy, least_ratio = SETS[name]
                cpu = {}
                for commit, some in found.items():
                    timings = [timing for timing, _ in some]
                    cpu[commit] = statistics.median(timing.cpu_seconds for timing in timings)
                    seconds = statistics.median(timing.seconds for timing in timings)
                    accuracy = statistics.mean(accuracy for _, accuracy in some)
                    rows.append([name, commit, f"{cpu[commit]:.0f}", f"{seconds:.0f}", f"{accuracy:.1%}"])
                claims.append(Claim(f"processor seconds before / now, {name}", cpu[BEFORE] / cpu["now"], least_ratio))
                wanted = least_accuracy if len(seeds) >= 5 else statistics.mean(a for _, a in found[BEFORE]) - LOSS
                claims.append(Claim(f"test accuracy now, {name}", accuracy, round(wanted, 4)))
    columns = ["photos", "commit", "processor seconds", "seconds", "test accuracy"]
    publish(__doc__, columns, rows, claims, is_written=told.sets == ",".join(SETS))


@contextmanager
def _give(path: Path) -> Iterator[Path]:
    yield path


if __name__ == "__main__":
    main()
