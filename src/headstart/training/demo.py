"""The demo: photos of solar cells, functional or defective, split as in a published benchmark.

The photos are the ELPV data set (Buerhop-Lutz et al. 2018; Deitsch et al. 2019, 2021; CC BY-NC-SA 4.0). They are read
from the installed package ``elpv-dataset`` and not copied.
"""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from headstart.process.packages import make_missing_extra

# Deitsch et al. 2019, Automatic classification of defective photovoltaic module cells in electroluminescence images,
# Solar Energy 185, table 4: accuracy on the 25% test split
PUBLISHED = {"SVM on hand-made features": 0.8244, "fine-tuned VGG-19": 0.8842}
TRAIN_SHARE = 0.75
DEFECTIVE_ABOVE = 0.5  # the experts' probability of a defect


def find_cells() -> list[tuple[Path, float, str]]:
    """Return the path, the probability of a defect and the cell type (mono or poly) of each of the 2,624 photos."""
    package = find_spec("elpv_dataset")
    if package is None or package.origin is None:
        raise make_missing_extra("run the demo", "demo", "elpv-dataset", hint="91 MB of photos")
    folder = Path(package.origin).parent / "data"
    rows = [line.split() for line in (folder / "labels.csv").read_text().splitlines() if line.strip()]
    return [(folder / name, float(probability), kind) for name, probability, kind in rows]


def write_demo_catalog(path: Path, seed: int = 0, *, is_weighted: bool = False) -> None:
    """Write a CSV of ``path,label,split,weight``: 75% train and 25% test, stratified by probability and cell type.

    If it is weighted, the weight of a training photo is the experts' certainty: 1 for a probability of 0 or 1, and a
    third for 1/3 or 2/3. All other weights are 1.
    """
    cells = find_cells()
    strata: dict[tuple[float, str], list[int]] = {}
    for i, (_, probability, kind) in enumerate(cells):
        strata.setdefault((probability, kind), []).append(i)
    generator = np.random.default_rng(seed)
    train: set[int] = set()
    for _, members in sorted(strata.items()):
        order = generator.permutation(len(members))
        train |= {members[int(i)] for i in order[: round(TRAIN_SHARE * len(members))]}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "split", "weight"])
        for i, (photo, probability, _) in enumerate(cells):
            label = "defective" if probability > DEFECTIVE_ABOVE else "functional"
            weight = round(abs(2 * probability - 1), 4) if is_weighted and i in train else 1
            writer.writerow([photo, label, "train" if i in train else "test", weight])
