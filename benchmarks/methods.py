"""All methods on four sets of photos: accuracy, seconds, and what advise and auto chose.

It trains for hours, so each result is kept in benchmarks/methods.json and not computed again: a run that was stopped
goes on, and more sets and seeds can be added (``--sets``, ``--seeds``). The page is docs/methods.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import headstart as hs
from harness import PHOTOS, ROOT, describe_machine
from headstart.training.demo import write_demo_catalog

PAGE = ROOT / "docs" / "methods.md"
KEPT = ROOT / "benchmarks" / "methods.json"
SETS = ("cats-dogs", "ants-bees", "coffee-leaf", "solar-cells")
DISSIMILAR = ("coffee-leaf", "solar-cells")
# what is trained on each set, by the settings that differ from the defaults
RUNS: dict[str, dict[str, Any]] = {
    "fixed": {"method": "fixed"},
    "fixed, all stages, 4 views averaged": {"method": "fixed", "features": "all", "average_views": True},
    "hybrid": {"method": "hybrid"},
    "finetune": {"method": "finetune"},
    "scratch": {"method": "scratch"},
    "auto": {"method": "auto", "budget_s": 3600},
}
# above a cut, what advise names where photos are not like ImageNet's
WHERE_DISSIMILAR = {"train_norms": True, "average_views": True}


def choose_settings(run: str, name: str) -> dict[str, Any]:
    """Return the settings of a row of the table on a set."""
    more = WHERE_DISSIMILAR if name in DISSIMILAR and run in ("hybrid", "finetune", "scratch") else {}
    return RUNS[run] | more


def find_photos(name: str, data: Path, folder: Path, seed: int) -> Path:
    """Return the folder or CSV of a set."""
    if name != "solar-cells":
        return data / name
    path = folder / f"solar-cells-{seed}.csv"
    write_demo_catalog(path, seed)
    return path


def train(photos: hs.Catalog, settings: dict[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Train and return what the page shows."""
    began = time.perf_counter()
    metrics = hs.train(photos, out=folder / "run", overwrite=True, seed=seed, verbose=False, **settings).metrics
    test = metrics["test"]
    tuning = metrics["tuning"] or {}
    told = {key: metrics[key] for key in ("method", "features", "averaged_views", "auto")}
    return told | {
        "accuracy": test["accuracy"], "n": test["n"], "seconds": time.perf_counter() - began,
        "seconds_per_epoch": tuning.get("seconds_per_epoch"), "best_epoch": tuning.get("best_epoch"),
        "machine": describe_machine(),
    }  # fmt: skip


def run_all(data: Path, sets: list[str], seeds: list[int], runs: list[str]) -> dict[str, Any]:
    """Train whatever is not kept yet; return everything that is kept."""
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            for name in sets:
                photos = hs.scan(find_photos(name, data, Path(folder), seed), seed=seed)
                for run in [run for run in runs if f"{name}/{run}/{seed}" not in kept]:
                    settings = choose_settings(run, name)
                    kept[f"{name}/{run}/{seed}"] = found = train(photos, settings, seed, Path(folder))
                    _save(kept)
                    print(name, run, seed, f"{found['accuracy']:.4f} in {found['seconds']:.0f} s", flush=True)
                if f"{name}/advice" not in kept:
                    kept[f"{name}/advice"] = hs.advise(photos, verbose=False).to_dict()
                    _save(kept)
    return kept


def _save(kept: dict[str, Any]) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(kept, indent=1))


def write_page(kept: dict[str, Any]) -> str:
    """Return the page: a table for each set, with what was chosen."""
    lines = [
        "# Methods", "", "What each method gave, by `python benchmarks/methods.py`: test accuracy, mean and standard "
        "deviation over the seeds of the split, and seconds of a whole training with the features of the frozen "
        "backbone cached where an earlier run had computed them.", "",
    ]  # fmt: skip
    for name in SETS:
        found = {run: _select(kept, name, run) for run in RUNS}
        if not any(found.values()):
            continue
        lines += [f"## {name}", "", "| method | test accuracy | seeds | seconds | an epoch |", "|---|---|---|---|---|"]
        for run, some in found.items():
            if some:
                accuracies = [100 * row["accuracy"] for row in some]
                spread = f" ± {statistics.stdev(accuracies):.1f}" if len(some) > 1 else ""
                epochs = [row["seconds_per_epoch"] for row in some if row["seconds_per_epoch"]]
                epoch = f"{statistics.median(epochs):.1f} s" if epochs else ""
                seconds = statistics.median(row["seconds"] for row in some)
                lines.append(
                    f"| {run} | {statistics.mean(accuracies):.1f}%{spread} | {len(some)} | {seconds:.0f} | {epoch} |"
                )
        chosen = [
            f"{row['method']} (features {row['features']}, {row['averaged_views']} views)" for row in found["auto"]
        ]
        if chosen:
            lines += ["", f"`auto` kept {'; '.join(dict.fromkeys(chosen))}: {found['auto'][0]['auto']['why']}."]
        advice = kept.get(f"{name}/advice")
        if advice:
            lines += [
                "",
                f"`advise` says {advice['quadrant']}, similarity {advice['similarity']:.2f}: {advice['method']}.",
            ]
        lines.append("")
    return "\n".join([*lines, f"{time.strftime('%d %B %Y')}, {describe_machine()}", ""])


def _select(kept: dict[str, Any], name: str, run: str) -> list[dict[str, Any]]:
    return [row for key, row in kept.items() if key.startswith(f"{name}/{run}/")]


def main() -> None:
    """Train what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=PHOTOS.parent, help="the folder of the sets of photos")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--runs", default=";".join(RUNS), help="names of the table's rows, with semicolons between")
    told = parser.parse_args()
    seeds = [int(seed) for seed in told.seeds.split(",")]
    kept = run_all(told.data, told.sets.split(","), seeds, told.runs.split(";"))
    PAGE.write_text(write_page(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
