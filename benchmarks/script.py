"""A script that an engineer writes with scikit-learn, against the same training with Headstart.

`benchmarks/rivals/sklearn_script.py` (Pillow in threads, ONNX Runtime in float32 on the same weights,
LogisticRegressionCV; no report, no cache) and `headstart train --method fixed` with its report, with an empty cache and
again. Whole processes, at both sizes. At 160 px the script takes a third less time, a warm training the same time. A
warm training chooses the strength, fits the head twice, cross-validates it over all photos, and draws the report.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from harness import Claim, find_command, publish, read_options, repeat_in_turn, run_process, use_empty_cache

N_ROUNDS = 3
SCRIPT = Path(__file__).parent / "rivals" / "sklearn_script.py"


def main() -> None:
    """Run the script, and train cold and warm, in turn."""
    data: Path = read_options(__doc__)
    rows, claims = [], []
    with use_empty_cache() as folder:
        for size_px in (160, 224):
            theirs = [sys.executable, SCRIPT, data, "--image-size", size_px]
            ours = [
                find_command(), "train", data, "--method", "fixed", "--image-size", size_px, "--out", folder / "run",
                "--overwrite",
            ]  # fmt: skip

            def train_cold(*more: str, command: tuple[object, ...] = tuple(ours)) -> float:
                shutil.rmtree(folder / "cache", ignore_errors=True)
                return run_process([*command, *more]).seconds

            runs = {
                "the script": lambda command=theirs: run_process(command).seconds,
                "headstart train, cold, --precision f32": lambda run=train_cold: run("--precision", "f32"),
                "headstart train, cold": train_cold,
                "headstart train, warm": lambda command=ours: run_process(command).seconds,
            }
            seconds = repeat_in_turn(runs, N_ROUNDS)
            script, in_f32, cold, warm = seconds.values()
            theirs_right = json.loads(run_process(theirs).output)["test_accuracy"]
            ours_right = json.loads((folder / "run" / "metrics.json").read_text())["test"]["accuracy"]
            for name, value in seconds.items():
                accuracy = "" if value == in_f32 else f"{theirs_right if value == script else ours_right:.1%}"
                rows.append([name, f"{size_px} px", f"{value:.2f}", accuracy, f"{script / value:.1f}"])
            claims.append(Claim(f"the script / cold at {size_px} px", script / cold, 2))
            claims.append(Claim(f"the script / warm at {size_px} px", script / warm, 7))
    publish(__doc__, ["what", "size", "seconds", "test accuracy", "times faster"], rows, claims)


if __name__ == "__main__":
    main()
