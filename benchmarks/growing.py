"""100 photos are added to a run of 2,900, and 100 are forgotten.

The classifier file is compared, byte for byte, with three trainings from scratch: on `catalog.csv` of the new run with
the cache, on the same without a cache, and on one folder of the same photos in `train/`, `validation/` and `test/`.
Times are those of whole processes, from the command to the written report, with the features of all photos in the
cache. The near copies of the changed set are searched for in each round, as after any change. Processor seconds are
those of all processes.
"""

from __future__ import annotations

import csv
import json
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path

from harness import Claim, Timing, find_command, publish, read_options, run_process, use_empty_cache

N_CHANGED, N_ROUNDS = 100, 5
SETTINGS = ["--method", "fixed", "--features", "last", "--head", "logistic", "--overwrite"]


def main() -> None:
    """Train a run, grow it, and compare it with trainings from scratch."""
    data, headstart = read_options(__doc__), find_command()
    with use_empty_cache() as folder:
        base, more, run, grown = (folder / name for name in ("base", "more", "run", "grown"))
        _divide(data, base, more)
        run_process([headstart, "train", base, "--out", run, *SETTINGS])
        gone = [row["path"] for row in _read_rows(run) if row["split"] == "train"][:N_CHANGED]
        (folder / "gone.txt").write_text("\n".join(gone))
        changes = ["--add", more, "--forget", folder / "gone.txt"]

        def grow() -> Timing:
            return run_process([headstart, "train", run, *changes, "--out", grown, "--overwrite"])

        def train(source: Path, *options: object) -> Timing:
            return run_process([headstart, "train", source, "--out", folder / "again", *SETTINGS, *options])

        grow()
        model = (grown / "model.onnx").read_bytes()
        _lay_out(grown, folder / "whole")
        table = grown / "catalog.csv"
        sources = {
            "catalog.csv": [table],
            "catalog.csv, without a cache": [table, "--no-cache"],
            "one folder": [folder / "whole"],
        }
        equal = {}
        for name, (source, *options) in sources.items():
            train(source, *options)
            equal[name] = (folder / "again" / "model.onnx").read_bytes() == model
        timed: dict[str, Callable[[], Timing]] = {
            "add and forget": grow,
            "train on one folder": lambda: train(folder / "whole"),
        }
        times = {name: [] for name in timed}
        for _ in range(N_ROUNDS):
            for name, measure in timed.items():
                _forget_comparisons(folder / "cache")
                times[name].append(measure())
    rows = [
        [
            name,
            f"{statistics.median(t.seconds for t in some):.2f}",
            f"{statistics.median(t.cpu_seconds for t in some):.2f}",
        ]
        for name, some in times.items()
    ]
    seconds = {name: statistics.median(t.seconds for t in some) for name, some in times.items()}
    cpu = {name: statistics.median(t.cpu_seconds for t in some) for name, some in times.items()}
    claims = [Claim(f"same bytes as from {name}", float(is_equal), 1) for name, is_equal in equal.items()]
    claims += [
        Claim("processor seconds, add and forget / train", cpu["add and forget"] / cpu["train on one folder"], 1.1,
              is_at_least=False),
        Claim("add and forget, seconds", seconds["add and forget"], 1.5, is_at_least=False),
    ]  # fmt: skip
    publish(__doc__, ["training, warm", "seconds", "processor seconds"], rows, claims)


def _divide(data: Path, base: Path, more: Path) -> None:
    """Copy the photos into two folders: 100 of the training photos into ``more``, all others into ``base``."""
    for photo in sorted(data.glob("*/*/*")):
        split, label = photo.parts[-3:-1]
        n_before = len(list((more / label).glob("*"))) if split == "training_set" else N_CHANGED
        folder = more / label if n_before < N_CHANGED // 2 else base / split / label
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, folder)


def _read_rows(run: Path) -> list[dict[str, str]]:
    with (run / "catalog.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _lay_out(run: Path, folder: Path) -> None:
    """Copy the photos of a run into one folder with a folder for each split."""
    photos = Path(json.loads((run / "run.json").read_text(encoding="utf-8"))["photos"]["folder"])
    for row in _read_rows(run):
        place = folder / row["split"] / row["label"] / Path(row["path"]).name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photos / row["path"], place)


def _forget_comparisons(cache: Path) -> None:
    """Delete the results of near-copy searches, which are lists in JSON after a digest; compiled networks stay."""
    for path in cache.rglob("*"):
        if path.is_file() and path.suffix == "" and path.read_bytes()[32:34] == b"[[":
            path.unlink()


if __name__ == "__main__":
    main()
