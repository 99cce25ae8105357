"""Label sets: whether the right label is in the set as often as was asked for and is expected.

From each set, 200 times, about 150 and 600 photos are drawn, if as many are left. They are split 70/15/15 and trained
on as `headstart train --method fixed` does, with near copies in one split. Validation and test photos calibrate the
label sets. The rest of the photos give the coverage of the file's sets: the share with the right label. What is
expected of a file is the level, or the share of right answers of its held-out photos if that is higher. Coverage and
what is expected are means over the draws. The coverage may be below the level by at most 1 point, and may differ from
what is expected by at most 1 point.

The sets "groups" are painted, without pictures (`coverage.py`): the user has 40 or 160 groups of ten photos on average,
each group with its own offset in every feature, and the rest are other groups. Levels that a draw does not support are
left out, and shown as "-" if no draw supports them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from coverage import paint_groups
from feature_sets import draw_photos, extract_with_copies, find_sets, map_draws, train_head
from harness import Claim, publish
from headstart.backbone.loading import load_backbone
from headstart.catalog.photo import SPLITS
from headstart.classifier.label_sets import LEVELS
from headstart.methods.confidence import set_confidence
from headstart.methods.feature_table import FeatureTable
from headstart.methods.label_sets import fit_label_sets
from headstart.methods.split_metrics import SplitPredictions
from headstart.training.demo import write_demo_catalog

N_DRAWS, SIZES, GROUPS, PHOTOS_PER_GROUP = 200, (150, 600), (40, 160), 10
COLUMNS = [
    "set", "photos", "right answers",
    *(f"{level:.0%}: covered (expected), labels per set" for level in LEVELS),
]  # fmt: skip
Result = Mapping[str | float, tuple[float, ...]]  # by level: coverage, expected coverage, mean size


def main() -> None:
    """Measure each set and size, and assert the coverage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=N_DRAWS, help="draws from each set; only the default is published")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes [one for each core]")
    options = parser.parse_args()
    started = time.perf_counter()
    rows, claims = [], []
    for name, sizes, table in make_tables():
        for n in sizes:
            if 3 * n > 2 * len(table.catalog.photos):
                continue
            draws = list(map_draws(partial(measure_draw, n), table, range(options.n), options.workers))
            row, some = summarise(name, n, draws)
            print(*row, f"{time.perf_counter() - started:.0f} s", sep=" | ", file=sys.stderr, flush=True)
            rows.append(row)
            claims += some
    publish(__doc__, COLUMNS, rows, claims, is_written=options.n == N_DRAWS)


def make_tables() -> Iterator[tuple[str, tuple[int, ...], FeatureTable]]:
    """Yield the name of each set, numbers of photos to draw, and its features."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder, "solar cells.csv")
        write_demo_catalog(demo)
        for source in [*find_sets(), demo]:
            yield source.stem, SIZES, extract_with_copies(source)
    yield "groups (painted)", tuple(PHOTOS_PER_GROUP * n for n in GROUPS), paint_groups()


def measure_draw(n: int, table: FeatureTable, seed: int) -> Result:
    """Train on about n photos, and measure the file's label sets on the rest."""
    drawn, rest = draw_photos(table, n, seed)
    trained = set_confidence(train_head(drawn, load_backbone()))
    splits = trained.table.splits
    sets = fit_label_sets(
        {split: SplitPredictions(splits[split], trained.choose_head(split).probabilities(splits[split].X))
         for split in SPLITS}
    )  # fmt: skip
    head = trained.fitted.head if trained.final is None else trained.final.head
    probabilities, at = head.probabilities(rest.X), np.arange(len(rest.y))
    is_right = probabilities.argmax(1) == rest.y
    found: dict[str | float, tuple[float, ...]] = {"right": (float(is_right.mean()),)}
    if sets is None:
        return found
    for level in LEVELS:
        if sets.supports(level):
            is_in = probabilities >= sets.find_threshold(level)
            is_in[at, probabilities.argmax(1)] = True
            found[level] = float(is_in[at, rest.y].mean()), sets.expect(level), float(is_in.sum(1).mean())
    return found


def summarise(name: str, n: int, draws: list[Result]) -> tuple[list[str], list[Claim]]:
    """Return the row of a set and size, and its claims."""
    cells, claims = [], []
    for level in LEVELS:
        told = np.array([draw[level] for draw in draws if level in draw])
        if len(told) < len(draws) / 2:
            cells.append("-")
            continue
        covered, expected, size = told.mean(0)
        cells.append(f"{covered:.1%} ({expected:.1%}), {size:.2f}")
        what = f"{name}, {n} photos, {level:.0%}"
        # in points
        claims.append(Claim(f"{what}: away from expected", 100 * abs(covered - expected), 1, is_at_least=False))
        claims.append(Claim(f"{what}: below the level", 100 * max(0.0, level - covered), 1, is_at_least=False))
    right = float(np.mean([draw["right"] for draw in draws]))
    return [name, f"{n}", f"{right:.1%}", *cells], claims


if __name__ == "__main__":
    main()
