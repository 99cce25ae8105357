"""Growth: time and memory of a cold training of 1,000, 10,000 and 100,000 photos.

Distinct photos of 224 x 224 px, cropped from real ones, trained at 160 px, from an empty cache to the written report.
Peak memory is the maximum resident set of the process.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from harness import Claim, find_command, publish, read_options, run_process, use_empty_cache

SIZES = (1_000, 10_000, 100_000)
IMAGE_SIZE = 160
STEPS = ("scan", "extract", "near_copies", "fit", "evaluate", "report")
MAKER = Path(__file__).parent / "photo_maker.py"


def main() -> None:
    """Make photos and train on them, from few to many."""
    data: Path = read_options(__doc__)
    rows, per_photo, peaks = [], {}, {}
    with use_empty_cache() as folder:
        for n_photos in SIZES:
            photos = folder / "photos"
            run_process([sys.executable, MAKER, data, photos, n_photos])
            shutil.rmtree(folder / "cache", ignore_errors=True)
            command = [find_command(), "train", photos, "--layout", "outer", "--image-size", IMAGE_SIZE]
            command += ["--method", "fixed", "--out", folder / "run", "--overwrite"]
            timing = run_process(command)
            metrics = json.loads((folder / "run" / "metrics.json").read_text())
            seconds = metrics["seconds"]
            per_photo[n_photos], peaks[n_photos] = timing.seconds / n_photos, timing.peak_mb
            steps = [f"{seconds[step]:.1f}" for step in STEPS]
            milliseconds = f"{1000 * per_photo[n_photos]:.3f}"
            rows.append([f"{n_photos:,}", f"{timing.seconds:.1f}", *steps, milliseconds, f"{timing.peak_mb:.0f}"])
    few, many = SIZES[1:]
    claims = [
        Claim("peak memory at 100,000 / at 10,000", peaks[many] / peaks[few], 1.2, is_at_least=False),
        Claim("peak memory at 100,000 photos, MB", peaks[many], 700, is_at_least=False),
        Claim("time per photo at 100,000 / at 10,000", per_photo[many] / per_photo[few], 1.1, is_at_least=False),
    ]
    steps = [step.replace("_", " ") for step in STEPS]
    columns = ["photos", "seconds", *steps, "ms per photo", "peak MB"]
    publish(__doc__, columns, rows, claims)


if __name__ == "__main__":
    main()
