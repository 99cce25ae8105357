"""All methods on four sets of photos: accuracy, seconds, and what advise and auto chose.

It trains for hours, so each result is kept in benchmarks/methods.json and not computed again: a run that was stopped
goes on, and more sets and seeds can be added (``--sets``, ``--seeds``). The page is docs/methods.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import headstart as hs
from harness import DATA, ROOT, describe_machine, run_process
from headstart.evaluation.intervals import wilson_interval
from headstart.features.similarity import SIMILAR
from headstart.report.figure_file import draw_figure, save_png
from headstart.report.quadrant_figure import plot_quadrants
from headstart.training.demo import write_demo_catalog
from headstart.training.expectations import LARGE

PAGE = ROOT / "docs" / "methods.md"
KEPT = ROOT / "benchmarks" / "methods.json"
KERAS_PYTHON = ROOT / ".venv-keras" / "bin" / "python"
KERAS_SCRIPT = ROOT / "benchmarks" / "rivals" / "keras_scratch.py"
SETS = (
    "cats-dogs", "ants-bees", "coffee-leaf", "solar-cells", "coffee-leaf, 800 training photos",
    "solar-cells, all labels alike",
)  # fmt: skip
DISSIMILAR = ("coffee-leaf", "solar-cells", "solar-cells, all labels alike")
# what is trained on each set, by the settings that differ from the defaults
RUNS: dict[str, dict[str, Any]] = {
    "fixed": {"method": "fixed"},
    "fixed, last stage, logistic head": {"method": "fixed", "features": "last", "head": "logistic"},
    "fixed, wide features, both heads, 4 views averaged": {
        "method": "fixed", "features": "wide", "head": "logistic+ridge", "average_views": True,
    },
    "hybrid": {"method": "hybrid"},
    "finetune": {"method": "finetune"},
    "scratch": {"method": "scratch"},
    "scratch at 128 px": {"method": "scratch", "image_size": 128},
    "auto": {"method": "auto"},
}  # fmt: skip
KERAS = "scratch, in Keras"
HEAD = """# Methods: which to use, and what each gave

Two questions decide: how many photos each class has, and how similar they are to the photos of the pretraining.
`headstart advise` answers both for your photos. `--method auto`, the default of `headstart train`, decides by the
accuracy on held-out photos.

![Photos per class against similarity to ImageNet; four sets of photos in the quadrants](pictures/quadrants.png)

| quadrant | method | why |
|---|---|---|
| few photos, similar | `fixed` | the frozen features suffice, and there are too few photos to train more |
| few photos, dissimilar | `hybrid` | the lower stages (edges, textures) suit all photos, the upper stages do not |
| many photos, similar | `fixed` or `hybrid` | little can be gained; more photos allow more training |
| many photos, dissimilar | `finetune` or `scratch` | there are enough photos to train all stages |

`fixed` compares the features of the last stage under a logistic head with those of many layers under the average of a
logistic and a ridge head, which cost no second pass. `--features last --head logistic` names the former.
`--average-views` averages the answers over mirrored and turned views, at the cost of one pass per view.

`python benchmarks/methods.py` writes the tables:

- Each seed of the split is one training with the default settings at 224 px. `scratch` on the whole sets is at 128
  px, which saves hours.
- Rows of `fixed`, `hybrid` and `auto` are in float32, so that rows of different processors compare. Those of `finetune`
  and `scratch` are older, in the default precision of their processor and with the class weights of then.
- Above the cut (`hybrid`, `finetune`, `scratch`), coffee leaves and solar cells, which are dissimilar, are trained
  with `--train-norms --average-views`; the other two sets without.
- On solar cells, a training photo has a weight of 1 or a third, by how certain the experts were of its label (column
  `weight` of the CSV). The last table has no weights.
- The rules of `auto` were chosen after looking at some of these splits of solar cells
  (docs/decisions/0013-advice.md). Each line of `auto` names its `--budget`.
- Seconds are those of whole trainings, some on one core, some on two shared cores, and some with features that an
  earlier row had cached: compare them with care. Seconds on a GPU are listed separately.
- If no epoch is better than the start by more than noise (with `--train-norms`: if all are worse by more than noise), a
  training above the cut gives a logistic head on the last stage, as in the row of `fixed` of this name.
- Ants and bees have only 31 test photos, so one photo is three points.
"""
# what is trained on a set, unless below it is told otherwise: at 224 px scratch would take hours more
ASKED = tuple(run for run in RUNS if run != "scratch")
ASKED_OF = {
    "coffee-leaf, 800 training photos": ("fixed", "scratch", KERAS),
    "solar-cells, all labels alike": ("fixed", "fixed, last stage, logistic head", "hybrid"),
}
NOTES = {
    "coffee-leaf, 800 training photos": (
        "Ten epochs of 800 photos are 250 steps. Batch normalisation in Keras' MobileNetV2 has a momentum of 0.999, so "
        "that after 250 steps 78% of the running means are still their initial values. These means are used for the "
        "test photos, which explains the low test accuracy. The accuracy on training photos, batch by batch, shows "
        "what it learned. Here the momentum is 0.9."
    ),
}
TUNED = ("hybrid", "finetune", "scratch", "scratch at 128 px")
# above a cut, what advise names where photos are not like ImageNet's
WHERE_DISSIMILAR = {"train_norms": True, "average_views": True}


def choose_settings(run: str, name: str) -> dict[str, Any]:
    """Return the settings of a row of the table on a set."""
    more = WHERE_DISSIMILAR if name in DISSIMILAR and run in TUNED else {}
    return RUNS[run] | more | {"precision": "f32"}  # so that rows of different processors compare


def find_photos(name: str, data: Path, folder: Path, seed: int) -> hs.Catalog:
    """Return the photos of a set, split by the seed."""
    if name.startswith("solar-cells"):
        path = folder / f"{name}-{seed}.csv"
        write_demo_catalog(path, seed, is_weighted=name == "solar-cells")
        return hs.scan(path, seed=seed)
    name, _, rest = name.partition(", ")
    catalog = hs.scan(data / name, seed=seed)
    if not rest:
        return catalog
    train = catalog.select("train")
    chosen = {train[i].digest for i in np.random.default_rng(seed).permutation(len(train))[: int(rest.split()[0])]}
    return replace(catalog, photos=tuple(p for p in catalog.photos if p.split != "train" or p.digest in chosen))


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
        "device": tuning.get("device"),
        "machine": describe_machine(),
    }  # fmt: skip


def train_in_keras(photos: hs.Catalog, folder: Path) -> dict[str, Any]:
    """Train the same network from random weights in Keras; its environment is made by `make .venv-keras/.ready`."""
    path = folder / "keras.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "split"])
        rows.writerows((photo.path, photo.label, photo.split) for photo in photos.photos)
    found: dict[str, Any] = json.loads(run_process([KERAS_PYTHON, KERAS_SCRIPT, path]).output)
    return found | {"seconds_per_epoch": None, "machine": describe_machine()}


def run_all(data: Path, sets: list[str], seeds: list[int], runs: list[str]) -> dict[str, Any]:
    """Train whatever is not kept yet; return everything that is kept."""
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            for name in sets:
                photos = find_photos(name, data, Path(folder), seed)
                asked = [run for run in runs if run in ASKED_OF.get(name, ASKED)]
                if KERAS in asked and not KERAS_PYTHON.exists():
                    print("Left out: Keras. Its environment is made by: make .venv-keras/.ready", flush=True)
                    asked.remove(KERAS)
                for run in [run for run in asked if f"{name}/{run}/{seed}" not in kept]:
                    found = (
                        train_in_keras(photos, Path(folder))
                        if run == KERAS
                        else train(photos, choose_settings(run, name), seed, Path(folder))
                    )
                    kept[f"{name}/{run}/{seed}"] = found
                    _save(kept)
                    print(name, run, seed, f"{found['accuracy']:.4f} in {found['seconds']:.0f} s", flush=True)
                if "," not in name and f"{name}/advice" not in kept:
                    kept[f"{name}/advice"] = hs.advise(photos, verbose=False).to_dict()
                    _save(kept)
    return kept


def _save(kept: dict[str, Any]) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(kept, indent=1))


def write_page(kept: dict[str, Any]) -> str:
    """Return the page: how to choose, and a table for each set, with what was chosen."""
    lines = [HEAD]
    for name in SETS:
        found = {run: _select(kept, name, run) for run in (*RUNS, KERAS)}
        if not any(found.values()):
            continue
        lines += [
            f"## {name}", "", "| method | test accuracy, mean ± deviation | seeds | 95% interval of seed 0 "
            "| seconds | of an epoch |", "|---|---|---|---|---|---|"
        ]  # fmt: skip
        lines += [_write_row(run, some) for run, some in found.items() if some]
        if name in NOTES:
            lines += ["", NOTES[name]]
        missing = [run for run, some in found.items() if not some and run in ASKED_OF.get(name, ASKED)]
        if missing:
            lines += ["", f"Not measured yet: {', '.join(missing)}."]
        lines.append("")
        for row in found["auto"]:
            views = f", answers averaged over {row['averaged_views']} views" if row["averaged_views"] > 1 else ""
            minutes = f"{row['auto']['budget_s'] / 60:.0f} min allowed"
            lines.append(
                f"- `auto`, seed {row['seed']}, {minutes}, kept {row['method']} ({row['features']} features{views}): "
                f"{row['auto']['why']}."
            )
        advice = kept.get(f"{name}/advice")
        if advice:
            expected = advice["methods"][advice["method"]]
            low, high = expected["interval"]
            lines.append(
                f"- `advise`: {advice['quadrant']}, similarity {advice['similarity']:.2f}, so `{advice['method']}`, of "
                f"which it expects {expected['expected_accuracy']:.1%} ({low:.1%} to {high:.1%})."
            )
        lines.append("")
    machines = sorted({_name_machine(row) for row in kept.values() if "machine" in row})
    return "\n".join([*lines, f"By {time.strftime('%d %B %Y')}, on: {' '.join(machines)}", ""])


def _write_row(run: str, some: list[dict[str, Any]]) -> str:
    accuracies = [100 * row["accuracy"] for row in some]
    spread = f" ± {statistics.stdev(accuracies):.1f}" if len(some) > 1 else ""
    low, high = wilson_interval(round(some[0]["accuracy"] * some[0]["n"]), some[0]["n"])
    if run == KERAS:
        trained = statistics.mean(row["training_accuracy"] for row in some)
        run = f"{run} ({trained:.1%} of the last epoch's training photos)"
    return (
        f"| {run} | {statistics.mean(accuracies):.1f}%{spread} | {len(some)} | {low:.1%} to {high:.1%} "
        f"of {some[0]['n']} photos | {_write_median(some, 'seconds', 0)} "
        f"| {_write_median(some, 'seconds_per_epoch', 1)} |"
    )


def _write_median(some: list[dict[str, Any]], key: str, n_digits: int) -> str:
    """Return the median of seconds, those of a GPU apart."""
    texts = []
    for is_gpu, words in ((False, "{}"), (True, "{} on a GPU")):
        found = [row[key] for row in some if row[key] and _is_of_gpu(row) == is_gpu]
        texts += [words.format(f"{statistics.median(found):,.{n_digits}f}")] if found else []
    return ", ".join(texts)


def _name_machine(row: dict[str, Any]) -> str:
    gpu = f"{row['device']} beside " if _is_of_gpu(row) else ""
    return gpu + re.sub(r" \(load before: .*?\)", "", row["machine"])


def _is_of_gpu(row: dict[str, Any]) -> bool:
    return re.fullmatch(r"\d+ cores?", row.get("device") or "1 core") is None


def draw_sets(kept: dict[str, Any]) -> None:
    """Draw where the sets stand."""
    advices = {name: kept[f"{name}/advice"] for name in SETS if f"{name}/advice" in kept}
    figure = plot_quadrants(
        {name: (found["evidence"]["photos_per_class"], found["similarity"]) for name, found in advices.items()},
        large=LARGE, similar=SIMILAR,
    )  # fmt: skip
    save_png(draw_figure(figure), ROOT / "docs" / "pictures" / "quadrants.png")


def _select(kept: dict[str, Any], name: str, run: str) -> list[dict[str, Any]]:
    """Return what is kept of a row, by the seed."""
    found = {int(key.rpartition("/")[2]): row for key, row in kept.items() if key.startswith(f"{name}/{run}/")}
    return [row | {"seed": seed} for seed, row in sorted(found.items())]


def main() -> None:
    """Train what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA, help="the folder of the sets of photos")
    parser.add_argument("--sets", default=";".join(SETS), help="with semicolons between")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument(
        "--runs", default=";".join((*RUNS, KERAS)), help="names of the table's rows, with semicolons between"
    )
    told = parser.parse_args()
    seeds = [int(seed) for seed in told.seeds.split(",")]
    kept = run_all(told.data, told.sets.split(";"), seeds, told.runs.split(";"))
    PAGE.write_text(write_page(kept), encoding="utf-8")
    draw_sets(kept)


if __name__ == "__main__":
    main()
