"""What an audit costs, and what it says of clean and of planted photos.

Cold: 3,000 photos with an empty cache, beside a training that fills an empty cache, too; processor seconds, three
rounds in turn, the median. Warm: 10,000 crops of photos (`photo_maker.py`) whose features a first audit has cached. The
page and its thumbnails are written each time. "Poor photos" counts the findings of the kinds blank, dark, flat,
blurred, tiny and shape in the sets as they are, the solar cells of the demo among them. The planted border is 8 pixels
of one grey around all photos of one class.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from feature_sets import find_sets
from harness import PHOTOS, Claim, find_command, publish, repeat_in_turn, run_process, use_empty_cache
from headstart.training.demo import write_demo_catalog

POOR = ("blank", "dark", "flat", "blurred", "tiny", "shape")
N_WARM, N_ROUNDS = 10_000, 3
N_BORDERED = 150  # photos of each class


def main() -> None:
    """Measure, and assert the claims."""
    rows, claims = measure_sets()
    for part in (measure_border, measure_cold, measure_warm):
        row, claim = part()
        rows.append(row)
        claims += claim
    publish(__doc__ or "", ["what", "photos", "seconds", "processor seconds", "MB", "found"], rows, claims)


def audit(source: Path, folder: Path, *options: str) -> tuple[dict[str, Any], list[str]]:
    """Audit a source; return the object of --json and the cells of its row."""
    command = [find_command(), "audit", source, "--out", folder / "audit", "--overwrite", "--json", *options]
    timing = run_process(command)
    found = json.loads(timing.output)
    return found, [f"{timing.seconds:.1f}", f"{timing.cpu_seconds:.1f}", f"{timing.peak_mb:.0f}"]


def measure_sets() -> tuple[list[list[str]], list[Claim]]:
    """Count the findings on sets as they are: poor photos, and claims about classes or the set."""
    rows, claims = [], []
    with use_empty_cache() as folder:
        demo = folder / "solar cells.csv"
        write_demo_catalog(demo)
        for source in [*find_sets(), demo]:
            found, cells = audit(source, folder)
            counts = Counter(finding["kind"] for finding in found["findings"])
            n_poor = sum(counts[kind] for kind in POOR)
            named = ", ".join(f"{n} {kind}" for kind, n in counts.items())
            rows.append([source.stem, f"{found['n_photos']:,}", *cells, named])
            share = n_poor / found["n_photos"]
            claims.append(Claim(f"{source.stem}: share of poor photos", share, 0.01, is_at_least=False))
            if source.stem in ("cats-dogs", "ants-bees"):
                claims.append(Claim(f"{source.stem}: shortcuts", counts["shortcut"], 0, is_at_least=False))
    return rows, claims


def measure_border() -> tuple[list[str], list[Claim]]:
    """Put a grey border around the photos of one class, and see whether it is named."""
    with use_empty_cache() as folder:
        for name in ("cats", "dogs"):
            target = folder / "bordered" / name
            target.mkdir(parents=True)
            for path in sorted((PHOTOS / "training_set" / name).glob("*.jpg"))[:N_BORDERED]:
                with Image.open(path) as image:
                    photo = image.convert("RGB")
                if name == "cats":
                    photo = ImageOps.expand(photo, 8, (128, 128, 128))
                photo.save(target / path.name, quality=92)
        found, cells = audit(folder / "bordered", folder)
    named = [one["evidence"] for one in found["findings"] if one["kind"] == "shortcut" and "border" in one["evidence"]]
    row = ["grey border around one class", f"{found['n_photos']}", *cells, named[0] if named else "not found"]
    return row, [Claim("a planted border is found and named", len(named), 1)]


def measure_cold() -> tuple[list[str], list[Claim]]:
    """Compare a cold audit with a cold training."""

    def run_audit() -> float:
        with use_empty_cache() as folder:
            return run_process([find_command(), "audit", PHOTOS, "--out", folder / "audit"]).cpu_seconds

    def run_training() -> float:
        with use_empty_cache() as folder:
            command = [find_command(), "train", PHOTOS, "--method", "fixed", "--out", folder / "run"]
            return run_process(command).cpu_seconds

    found = repeat_in_turn({"audit": run_audit, "train": run_training}, N_ROUNDS)
    row = ["cold, beside a training", "3,000", "", f"{found['audit']:.1f} and {found['train']:.1f}", "", ""]
    ratio = found["audit"] / found["train"]
    text = "processor seconds of a cold audit, as a multiple of a cold training"
    return row, [Claim(text, ratio, 1.25, is_at_least=False)]


def measure_warm() -> tuple[list[str], list[Claim]]:
    """Audit 10,000 photos whose features are cached."""
    with use_empty_cache() as folder:
        run_process([sys.executable, Path(__file__).with_name("photo_maker.py"), PHOTOS, folder / "photos", N_WARM])
        audit(folder / "photos", folder, "--layout", "outer")
        found, cells = audit(folder / "photos", folder, "--layout", "outer")
    row = ["features cached", f"{found['n_photos']:,}", *cells, f"{len(found['findings']):,} findings"]
    return row, [
        Claim("seconds of an audit of 10,000 photos with cached features", float(cells[0]), 15, is_at_least=False),
        Claim("the same, megabytes at the peak", float(cells[2]), 1000, is_at_least=False),
    ]


if __name__ == "__main__":
    main()
