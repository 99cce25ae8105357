"""A head on features larger than memory: 2,000,000 rows in a Parquet file, read again in each pass.

2,000,000 x 1,280 features in float16, 5.1 GB, two classes with noisy labels. A separate process chooses the strength
and fits the head to its optimum; its peak memory is the maximum resident set. Then the same with the first quarter of
the rows. `--rows` changes the number of rows.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness import Claim, publish, run_process
from headstart.head.streamed_logistic import fit_streamed

N_FEATURES, GROUP_ROWS = 1280, 4096
FLOOR = 0.5  # as in methods/head_fitting.py
FEATURES, LABELS = "features.parquet", "labels.npy"


class ParquetBlocks:
    """The row groups of a Parquet file: each is a block."""

    def __init__(self, path: Path, n_rows: int) -> None:
        self._path, self._threads = path, threading.local()
        groups = pq.ParquetFile(path).metadata
        sizes = [groups.row_group(number).num_rows for number in range(groups.num_row_groups)]
        self.sizes = [size for size, stop in zip(sizes, np.cumsum(sizes), strict=True) if stop <= n_rows]
        self.n_features = N_FEATURES

    def read(self, number: int) -> np.ndarray:
        """Return (rows, D) float16 features; every thread has a file of its own."""
        if not hasattr(self._threads, "file"):
            self._threads.file = pq.ParquetFile(self._path)
        table = self._threads.file.read_row_group(number, columns=["features"], use_threads=False)
        return table.column(0).chunk(0).flatten().to_numpy().reshape(-1, N_FEATURES)


def make_rows(folder: Path, n_rows: int) -> None:
    """Write features as a rectified backbone gives them, 0 to 6 and correlated, and labels that they partly tell."""
    generator = np.random.default_rng(0)
    mixing = generator.standard_normal((60, N_FEATURES), np.float32) / 8
    schema = pa.schema([("features", pa.list_(pa.float16(), N_FEATURES))])
    labels = []
    with pq.ParquetWriter(
        folder / FEATURES, schema, compression="none", use_dictionary=False, write_statistics=False
    ) as writer:
        for start in range(0, n_rows, GROUP_ROWS):
            causes = generator.standard_normal((min(GROUP_ROWS, n_rows - start), 60), np.float32)
            noise = generator.standard_normal((len(causes), N_FEATURES), np.float32) / 2
            X = np.clip(causes @ mixing + noise, 0, 6).astype(np.float16)
            column = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), N_FEATURES)
            writer.write_table(pa.table([column], schema=schema), row_group_size=GROUP_ROWS)
            labels.append(causes[:, :5].sum(axis=1) + 2 * generator.standard_normal(len(causes)) > 0)
    np.save(folder / LABELS, np.concatenate(labels).astype(np.int64))


def fit_rows(folder: Path, n_rows: int) -> None:
    """Fit a head to the first rows, and print how that went."""
    blocks = ParquetBlocks(folder / FEATURES, n_rows)
    n_rows = sum(blocks.sizes)
    started = time.perf_counter()
    fit = fit_streamed(blocks, np.load(folder / LABELS)[:n_rows], n_classes=2, floor=FLOOR)
    outcome = {"n_rows": n_rows, "seconds": time.perf_counter() - started, "strength": fit.strength}
    outcome |= {"n_passes": fit.n_passes, "gradient_norm": fit.gradient_norm, "is_converged": fit.is_converged}
    print(json.dumps(outcome | {"accuracy": fit.history[-1].accuracy}))


def main() -> None:
    """Make the rows, and fit a quarter of them and all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    for step in ("make", "fit"):
        parser.add_argument(f"--{step}", type=Path, metavar="FOLDER", help="this step alone, as it is done below")
    options, _ = parser.parse_known_args()  # `make bench` gives every benchmark the photos
    if options.make or options.fit:
        make_rows(options.make, options.rows) if options.make else fit_rows(options.fit, options.rows)
        return
    rows, peaks, outcomes = [], [], []
    with tempfile.TemporaryDirectory(prefix="headstart-bench-") as folder:
        # not in this process: what it held would count as the peak of those that it starts
        run_process([sys.executable, __file__, "--make", folder, "--rows", options.rows])
        for n_rows in (options.rows // 4, options.rows):
            timing = run_process([sys.executable, __file__, "--fit", folder, "--rows", n_rows], HEADSTART_CACHE=folder)
            outcome = json.loads(timing.output)
            peaks.append(timing.peak_mb)
            outcomes.append(outcome)
            cells = [f"{outcome['n_rows']:,}", f"{outcome['seconds']:.0f}", outcome["n_passes"]]
            rows.append([*cells, outcome["strength"], f"{100 * outcome['accuracy']:.1f}%", f"{timing.peak_mb:.0f}"])
    worst = max(outcome["gradient_norm"] for outcome in outcomes)
    n_more = outcomes[-1]["n_rows"] - outcomes[0]["n_rows"]
    growth = (peaks[-1] - peaks[0]) * (1 << 20) / (n_more * N_FEATURES * 2)
    claims = [
        Claim("peak memory, MB", peaks[-1], 2000, is_at_least=False),
        Claim("memory of each further row, labels and all / of its features", growth, 0.05, is_at_least=False),
        Claim("gradient at the end / at weights of 0", worst, 1e-5, is_at_least=False),
    ]
    publish(__doc__, ["rows", "seconds", "passes", "strength", "accuracy", "peak MB"], rows, claims)


if __name__ == "__main__":
    main()
