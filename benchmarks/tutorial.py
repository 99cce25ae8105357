"""The Keras transfer-learning tutorial, against Headstart with the same photos, weights and machine.

`benchmarks/rivals/keras_tutorial.py` in a separate environment (10 epochs, frozen MobileNetV2, flips and rotations,
160 px, batches of 32), from after its imports to its test accuracy; and the whole process of `headstart train`, from an
empty cache to the written report. They run in turn.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from pathlib import Path

from harness import ROOT, Claim, find_command, publish, read_options, run_process, use_empty_cache

N_ROUNDS = 3
N_TRAININGS = 3  # after each run of the tutorial
SIZES = (160, 224)
PYTHON = ROOT / ".venv-keras" / "bin" / "python"
SCRIPT = Path(__file__).parent / "rivals" / "keras_tutorial.py"


def main() -> None:
    """Run the tutorial, then train at both sizes, and again."""
    data: Path = read_options(__doc__)
    if not PYTHON.exists():
        sys.exit("Cannot run the tutorial: its environment is not there. Make it with: make .venv-keras/.ready")
    theirs, ours = [], {size_px: [] for size_px in SIZES}
    accuracy = {}
    with use_empty_cache() as folder:
        for _ in range(N_ROUNDS):
            theirs.append(json.loads(run_process([PYTHON, SCRIPT, data, "--image-size", 160]).output))
            for size_px in SIZES * N_TRAININGS:
                shutil.rmtree(folder / "cache", ignore_errors=True)
                run = folder / f"run-{size_px}"
                command = [find_command(), "train", data, "--image-size", size_px, "--out", run, "--overwrite"]
                ours[size_px].append(run_process(command).seconds)
                accuracy[size_px] = json.loads((run / "metrics.json").read_text())["test"]["accuracy"]
    tutorial = statistics.median(run["seconds_after_imports"] for run in theirs)
    their_accuracy = statistics.median(run["test_accuracy"] for run in theirs)
    seconds = {size_px: statistics.median(values) for size_px, values in ours.items()}
    rows = [["the tutorial, 160 px", f"{tutorial:.1f}", f"{their_accuracy:.1%}", ""]]
    rows += [
        [f"headstart train, {px} px", f"{seconds[px]:.2f}", f"{accuracy[px]:.1%}", f"{tutorial / seconds[px]:.1f}"]
        for px in SIZES
    ]
    claims = [
        Claim("the tutorial at 160 px / training at 160 px", tutorial / seconds[160], 30),
        Claim("the tutorial at 160 px / training at 224 px", tutorial / seconds[224], 15),
        Claim("accuracy at 160 px, points above the tutorial", 100 * (accuracy[160] - their_accuracy), 0),
        Claim("accuracy at 224 px, points above the tutorial", 100 * (accuracy[224] - their_accuracy), 0.05),
    ]
    publish(__doc__, ["what", "seconds", "test accuracy", "times faster"], rows, claims)


if __name__ == "__main__":
    main()
