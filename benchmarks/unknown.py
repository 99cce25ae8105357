"""None of these: whether photos of nothing that a classifier knows are refused, and its own photos are not.

Each set in turn is the one that the classifier knows. There are six kinds of strangers: 250 photos of each other set,
the gallery that Headstart ships, and 380 painted images of 19 kinds, most of them not in the gallery. 20 times, two
thirds of the photos of the known set are a user's photos. They are split 70/15/15 and trained on as `headstart train
--method fixed` does, with near copies in one split. Own photos are those of the test split and the other third.

AUROC (in %) is the probability that a stranger is stranger than an own photo, the mean over the kinds. Novelty is the
output of the file. Other scores: the largest probability, the energy of the class scores (Liu et al. 2020), the
Mahalanobis distance to the nearest class (Lee et al. 2018), and ViM with 256 components on all stages (Wang et al.
2022), the last two in 5 of the 20 draws. "Worst" is the kind of strangers that is told worst.

Small sets have 60 and 150 photos. "Groups" are painted, without pictures (`coverage.py`): 40 or 160 groups of ten
photos on average, whose photos resemble each other; other groups are the own photos. In the last rows a third of the
classes is left out of the training, and the strangers are the photos of these classes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from copy_maker import LOOK_ALIKES, save_again
from coverage import paint_groups
from feature_sets import draw_photos, extract_with_copies, find_sets, map_draws, train_head
from harness import publish
from headstart.backbone.backbone import Backbone, BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.backbone.pooled_stages import pool_stages
from headstart.classifier.refusal import count_needed
from headstart.features.extraction import extract_features
from headstart.head.novelty import fit_novelty
from headstart.methods.confidence import set_confidence
from headstart.methods.feature_table import FeatureTable
from headstart.methods.novelty import fit_trained_novelty
from headstart.methods.table_division import divide_table
from headstart.pixels.decode import decode_photo
from headstart.pixels.strangers import draw_stranger, list_strangers
from headstart.training.demo import write_demo_catalog
from look_alikes import FACTORY
from novelty_scores import OtherScores
from unknown_table import COLUMNS, LEVELS, Draw, list_claims, write_row

N_DRAWS, N_WHOLE, N_STRANGERS, N_PAINTED = 20, 5, 250, 20
USER_SHARE, SMALL, GROUPS = 2 / 3, (60, 150), (400, 1600)
Strangers = Mapping[str, np.ndarray]


def main() -> None:
    """Measure each set, and assert the claims."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=N_DRAWS, help="draws from each set; only the default is published")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes [one for each core]")
    options = parser.parse_args()
    started = time.perf_counter()

    def measure(draw: Callable[[FeatureTable, int], Draw], table: FeatureTable) -> list[Draw]:
        return list(map_draws(draw, table, range(options.n), options.workers))

    tables, generated = extract_all()
    rows: list[list[str]] = []
    known: dict[str, list[Draw]] = {}
    small: dict[int, dict[str, list[Draw]]] = {n: {} for n in SMALL}
    for name, table in tables.items():
        strangers = gather_strangers(name, tables, generated)
        known[name] = measure(partial(measure_draw, strangers, None), table)
        rows.append(write_row(name, {name: known[name]}))
        for n in SMALL:
            small[n][name] = measure(partial(measure_draw, strangers, n), table)
        print(*rows[-1], f"{time.perf_counter() - started:.0f} s", sep=" | ", file=sys.stderr, flush=True)
    rows.append(write_row("mean", known))
    rows += [write_row("small sets, mean", draws) for draws in small.values()]
    groups = {n: {"groups": measure(partial(measure_groups, n), paint_groups())} for n in GROUPS}
    rows += [write_row("groups (painted)", draws) for draws in groups.values()]
    for name, table in tables.items():
        if len(table.catalog.labels) > 2:
            rows.append(write_row(f"{name} without a third", {name: measure(leave_classes_out, table)}))
    publish(__doc__, COLUMNS, rows, list_claims(known, small, groups), is_written=options.n == N_DRAWS)


def extract_all() -> tuple[dict[str, FeatureTable], Strangers]:
    """Return the sets with the features of all stages, and those of generated images."""
    backbone = pool_stages(load_backbone())
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder, "solar cells.csv")
        write_demo_catalog(demo)
        tables = {source.stem: extract_with_copies(source, backbone) for source in [*find_sets(), demo]}
    return tables, extract_generated(backbone)


@dataclass(frozen=True)
class _Image:
    path: Path
    digest: str
    data: bytes


def extract_generated(backbone: Backbone) -> Strangers:
    """Return features of the images of the gallery, and of painted images of kinds that are not in it."""
    setup = BackboneSetup(backbone, backbone.spec.check_image_size(None))
    generator = np.random.default_rng(0)
    painted = [
        _Image(Path(kind), f"{kind} {n}", save_again(paint(generator), 90))
        for kind, paint in {**LOOK_ALIKES, **FACTORY}.items()
        for n in range(N_PAINTED)
    ]
    return {
        "the gallery": extract_features(list_strangers(), setup, read=draw_stranger).matrix,
        "painted images": extract_features(
            painted, setup, read=lambda image, size_px: decode_photo(image.data, size_px)
        ).matrix,
    }


def gather_strangers(known: str, tables: Mapping[str, FeatureTable], generated: Strangers) -> Strangers:
    """Return features of strangers to a set by kind: photos of each other set, and generated images."""
    random = np.random.default_rng(0)
    strangers = {}
    for name, table in tables.items():
        if name != known:
            X = np.concatenate([part.X for part in table.splits.values()])
            strangers[name] = X[random.permutation(len(X))[:N_STRANGERS]]
    return {**strangers, **generated}


def measure_draw(strangers: Strangers, n: int | None, table: FeatureTable, seed: int) -> Draw:
    """Train on about n photos, or two thirds, and measure own photos and strangers."""
    drawn, rest = draw_photos(table, n or USER_SHARE * len(table.catalog.photos), seed)
    n_photos = sum(len(part.photos) for part in drawn.splits.values())
    n_last = load_backbone().spec.n_features
    trained = fit_trained_novelty(set_confidence(train_head(keep_last(drawn, n_last), load_backbone())))
    test = trained.novelty
    if test is None:
        raise ValueError(f"{n_photos} photos are too few")
    own = np.concatenate([drawn.splits["test"].X, rest.X])
    fitted = [drawn.splits[split] for split in trained.fitted_on]
    others = OtherScores(
        np.concatenate([part.X for part in fitted]), np.concatenate([part.y for part in fitted]),
        trained.choose_head("test"), is_whole=n is None and seed < N_WHOLE,
    )  # fmt: skip

    def measure(X: np.ndarray) -> Mapping[str, np.ndarray]:
        return {"novelty": -test.measure(X[:, -n_last:]), **others.measure(X)}

    of_own, of_strangers = measure(own), {kind: measure(X) for kind, X in strangers.items()}
    levels = [level for level in LEVELS if test.n_units >= count_needed(level)]
    return Draw(
        n_photos,
        {
            score: {kind: measure_area(values, of[score]) for kind, of in of_strangers.items()}
            for score, values in of_own.items()
        },
        {
            level: {kind: float((-of["novelty"] <= level).mean()) for kind, of in of_strangers.items()}
            for level in levels
        },
        {level: float((-of_own["novelty"] <= level).mean()) for level in levels},
    )


def measure_groups(n: int, table: FeatureTable, seed: int) -> Draw:
    """Fit the novelty test to the groups of about n photos, and measure the photos of all other groups."""
    drawn, rest = draw_photos(table, n, seed)
    fitted = drawn.splits["train"].join(drawn.splits["validation"])
    test = fit_novelty(fitted.X, fitted.groups, seed=seed)
    if test is None:
        raise ValueError(f"{n} photos are too few")
    novelty = test.measure(np.concatenate([drawn.splits["test"].X, rest.X]))
    levels = [level for level in LEVELS if test.n_units >= count_needed(level)]
    own_refused = {level: float((novelty <= level).mean()) for level in levels}
    return Draw(n, {"novelty": {}}, {level: {} for level in levels}, own_refused)


def keep_last(table: FeatureTable, n_last: int) -> FeatureTable:
    """Return a table with the features of the last stage alone."""
    splits = {name: replace(part, X=part.X[:, -n_last:].copy()) for name, part in table.splits.items()}
    return replace(table, splits={name: replace(part, views=part.X[None]) for name, part in splits.items()})


def measure_area(own: np.ndarray, strange: np.ndarray) -> float:
    """Return the probability that a stranger scores higher than an own photo; equal scores count by half.

    >>> measure_area(np.array([1, 2, 3]), np.array([2, 4]))
    0.75
    """
    ranked = np.sort(own)
    below = np.searchsorted(ranked, strange, "left") + np.searchsorted(ranked, strange, "right")
    return float(below.mean() / (2 * len(own)))


def leave_classes_out(table: FeatureTable, seed: int) -> Draw:
    """Train on two thirds of the photos of some classes; the strangers are the photos of the others."""
    labels = table.catalog.labels
    out = set(np.random.default_rng(seed).choice(labels, round(len(labels) / 3), replace=False).tolist())
    parts = table.splits.values()
    strange = np.concatenate([part.X[[photo.label in out for photo in part.photos]] for part in parts])
    photos = tuple(photo for photo in table.catalog.photos if photo.label not in out)
    return measure_draw({"left out": strange}, None, divide_table(table, replace(table.catalog, photos=photos)), seed)


if __name__ == "__main__":
    main()
