"""How far the forecast of the report is from the accuracy that more photos give.

For each set, ten times (seeds 0 to 9): 30% of the photos test. The others, split units together, are all photos that a
user could have. The user has a half, or a fifth, of them, and trains with `--method fixed`. The forecast in
metrics.json for as many photos as there could be is compared with the accuracy on the test photos of a classifier that
was trained on all of them. Errors are in points of accuracy, means over the sets.

"No change" is the accuracy of the user's cross-validation as the forecast. The truth has noise of its own, because the
test photos are a sample. Coverage of the 80% band is given three ways: of the accuracies on the test photos; of these,
with the band widened by their binomial noise; and of the mean accuracy over the ten seeds, in which this noise is
small. Runs that say why they cannot forecast are counted and left out.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from feature_sets import extract_with_copies, find_sets
from harness import Claim, publish
from headstart.catalog.catalog import Catalog
from headstart.catalog.redrawing import redraw_splits
from headstart.catalog.split import SplitPlan
from headstart.training.demo import write_demo_catalog
from headstart.training.train import train_classifier

SHARES = {0.5: "half", 0.2: "fifth"}
LIMITS = {0.5: 2.2, 0.2: 4.2}  # points
COVERAGE = (0.75, 0.90)
Z80 = 1.2815515655446004
CROSS_VALIDATED = 0.8  # share of the photos that a head of cross-validation learns from
COLUMNS = [
    "set", "user's photos", "all", "accuracy with all", "error of the forecast", "no change", "covered", "with noise",
    "of the mean", "no forecast",
]  # fmt: skip


@dataclass(frozen=True)
class Draw:
    """One forecast and its truth."""

    n_user: int
    n_all: int
    n_test: int
    truth: float
    unchanged: float
    forecast: tuple[float, float, float] | None  # accuracy and the limits of the band


def main() -> None:
    """Measure each set from a half and from a fifth, and assert the claims."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0-9", help="seeds, such as 0-9; only these are published")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    rows, claims = [], []
    measured = measure_sets(range(first, last + 1))
    for share, name in SHARES.items():
        results = []
        for source, draws in measured[share].items():
            results.append(summarise(draws))
            rows.append([f"{source}, from a {name}", *describe(draws, results[-1])])
        means = {key: float(np.mean([result[key] for result in results])) for key in results[0]}
        rows.append([f"**mean, from a {name}**", "", "", "", *_format_measures(means), ""])
        claims.append(Claim(f"points of error from a {name}", 100 * means["error"], LIMITS[share], is_at_least=False))
        for key, text in (("covered", "of the test accuracies"), ("with_noise", "of these, with the test's noise")):
            covered = float(np.mean([summarise(draws)[key] for found in measured.values() for draws in found.values()]))
            if share == next(reversed(SHARES)):
                claims.append(Claim(f"share {text} in the 80% band, over all", covered, COVERAGE[0]))
                claims.append(Claim(f"share {text} in the 80% band, over all", covered, COVERAGE[1], is_at_least=False))
    publish(__doc__, COLUMNS, rows, claims, is_written=options.seeds == "0-9")


def measure_sets(seeds: Sequence[int]) -> dict[float, dict[str, list[Draw]]]:
    """Return the draws by share and set."""
    measured: dict[float, dict[str, list[Draw]]] = {share: {} for share in SHARES}
    with tempfile.TemporaryDirectory(prefix="headstart-bench-") as folder:
        demo = Path(folder, "demo.csv")
        write_demo_catalog(demo)
        for source in [*find_sets(), demo]:
            catalog = extract_with_copies(source).catalog
            for seed in seeds:
                for share, draw in measure_draw(catalog, seed, Path(folder)).items():
                    measured[share].setdefault(source.stem, []).append(draw)
                print(source.stem, seed, *(measured[share][source.stem][-1] for share in SHARES), file=sys.stderr)
    return measured


def measure_draw(catalog: Catalog, seed: int, folder: Path) -> dict[float, Draw]:
    """Train on all photos but the test photos, and forecast that from a half and from a fifth of them."""
    whole = _divide(catalog, {"train": 70, "test": 30}, seed)
    truth = _train(whole, folder, seed)
    draws = {}
    for share in SHARES:
        percent = round(100 * share)
        pool = replace(whole, photos=whole.select("train"))
        user = replace(
            pool, photos=_divide(pool, {"train": percent, "test": 100 - percent}, seed + 100).select("train")
        )
        metrics = _train(_divide(user, {"train": 70, "validation": 15, "test": 15}, seed), folder, seed)
        n_all, forecast = truth["train"]["n"], metrics["forecast"]
        factor = n_all / (CROSS_VALIDATED * forecast["n"])
        draws[share] = Draw(
            forecast["n"], n_all, truth["test"]["n"], truth["test"]["accuracy"], forecast["accuracy"],
            None if forecast["reason"] else tuple(read_curve(forecast["curve"], factor)),
        )  # fmt: skip
    return draws


def read_curve(curve: Sequence[Mapping[str, Any]], factor: float) -> list[float]:
    """Return accuracy and interval at a factor of the photos, between the points of the curve."""
    x = [math.log(row["factor"]) for row in curve]
    columns = [[row["accuracy"], *row["interval80"]] for row in curve]
    return [float(np.interp(math.log(factor), x, column)) for column in zip(*columns, strict=True)]


def summarise(draws: Sequence[Draw]) -> dict[str, float]:
    """Return the mean error of the forecasts, of no change, and the coverages."""
    told = [draw for draw in draws if draw.forecast is not None]
    expected = float(np.mean([draw.truth for draw in draws]))
    found: dict[str, list[float]] = {"error": [], "unchanged": [], "covered": [], "with_noise": [], "of_mean": []}
    for draw in told:
        assert draw.forecast is not None  # noqa: S101  for the type checker
        accuracy, low, high = draw.forecast
        noise = Z80 * math.sqrt(accuracy * (1 - accuracy) / draw.n_test)
        found["error"].append(abs(accuracy - draw.truth))
        found["unchanged"].append(abs(draw.unchanged - draw.truth))
        found["covered"].append(low <= draw.truth <= high)
        wide = (accuracy - math.hypot(accuracy - low, noise), accuracy + math.hypot(high - accuracy, noise))
        found["with_noise"].append(wide[0] <= draw.truth <= wide[1])
        found["of_mean"].append(low <= expected <= high)
    return {key: float(np.mean(values)) for key, values in found.items()}


def describe(draws: Sequence[Draw], summary: Mapping[str, float]) -> list[str]:
    """Return the cells of a set."""
    n_user, n_all = (round(float(np.mean([getattr(draw, key) for draw in draws]))) for key in ("n_user", "n_all"))
    truth = float(np.mean([draw.truth for draw in draws]))
    n_silent = sum(draw.forecast is None for draw in draws)
    return [f"{n_user:,}", f"{n_all:,}", f"{truth:.1%}", *_format_measures(summary), str(n_silent)]


def _format_measures(summary: Mapping[str, float]) -> list[str]:
    points = [f"{100 * summary[key]:.1f}" for key in ("error", "unchanged")]
    return points + [f"{summary[key]:.0%}" for key in ("covered", "with_noise", "of_mean")]


def _divide(catalog: Catalog, shares: Mapping[str, int], seed: int) -> Catalog:
    photos = tuple(replace(photo, split=None, is_drawn=True) for photo in catalog.photos)
    free = replace(catalog, photos=photos, plan=SplitPlan(None, shares), seed=-1)
    return redraw_splits(free, seed=seed)


def _train(catalog: Catalog, folder: Path, seed: int) -> dict[str, Any]:
    run = train_classifier(catalog, out=folder / "run", overwrite=True, method="fixed", seed=seed, verbose=False)
    metrics: dict[str, Any] = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))
    return metrics


if __name__ == "__main__":
    main()
