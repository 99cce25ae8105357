"""Sets of photos as tables of features, and draws from them: some photos are a user's, the rest test the classifier."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from math import ceil
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from harness import DATA
from headstart.backbone.backbone import Backbone, BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.redrawing import redraw_splits
from headstart.catalog.scan import scan_photos
from headstart.catalog.split import SplitPlan
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.method_runner import MethodRunner
from headstart.methods.near_copy_search import keep_near_copies_together
from headstart.methods.settings import Settings
from headstart.methods.table_division import divide_table
from headstart.methods.table_head import fit_head_to_table
from headstart.methods.trained_method import TrainedMethod
from headstart.methods.training_context import TrainingContext

SETTINGS = Settings(method="fixed", features="last", head="logistic")
SHARES = {"train": 70, "validation": 15, "test": 15}
_taken: list[Any] = []  # what a worker process draws from


def find_sets() -> list[Path]:
    """Return the folders of the sets of photos, sorted by name."""
    return sorted(path for path in DATA.iterdir() if path.is_dir() and path.name != "odd-files")


def extract_set(source: Path, backbone: Backbone | None = None) -> FeatureTable:
    """Return a set of photos with the features and the splits that training gives it."""
    backbone = backbone or load_backbone()
    context = TrainingContext(BackboneSetup(backbone, backbone.spec.check_image_size(None)), verbose=True)
    return MethodRunner(scan_photos(source), context).extract(backbone, SETTINGS)


def extract_with_copies(source: Path, backbone: Backbone | None = None) -> FeatureTable:
    """Return a set as `extract_set` does, with the near copies named that training finds."""
    backbone = backbone or load_backbone()
    context = TrainingContext(BackboneSetup(backbone, backbone.spec.check_image_size(None)), verbose=True)
    catalog, _, fresh = keep_near_copies_together(scan_photos(source), context, SETTINGS)
    return MethodRunner(catalog, context, fresh=fresh).extract(backbone, SETTINGS)


def draw_photos(table: FeatureTable, n: float, seed: int) -> tuple[FeatureTable, SplitFeatures]:
    """Draw about n photos, or as many groups as hold n on average; return them, split 70/15/15, and the rest."""
    catalog, share = table.catalog, n / len(table.catalog.photos)
    if any(photo.group for photo in catalog.photos):  # the program's own draw would take many small groups
        names = sorted({photo.group or photo.digest for photo in catalog.photos})
        drawn = set(np.random.default_rng(seed).choice(names, round(share * len(names)), replace=False).tolist())
        photos = tuple(
            replace(photo, split="train" if (photo.group or photo.digest) in drawn else "test", is_drawn=True)
            for photo in catalog.photos
        )
        divided = divide_table(table, replace(catalog, photos=photos))
    else:
        percent = ceil(100 * share)
        free = _forget_splits(catalog, {"train": percent, "test": 100 - percent})
        divided = divide_table(table, redraw_splits(free, seed=seed))
    user = replace(divided.catalog, photos=divided.splits["train"].photos)
    return redraw_table(replace(divided, catalog=_forget_splits(user, SHARES)), seed), divided.splits["test"]


def redraw_table(table: FeatureTable, seed: int) -> FeatureTable:
    """Return a table with another draw of its splits."""
    return divide_table(table, redraw_splits(table.catalog, seed=seed))


def train_head(table: FeatureTable, backbone: Backbone, settings: Settings = SETTINGS) -> TrainedMethod:
    """Train as `headstart train --method fixed` does, up to the factor of the confidence."""
    settings = replace(settings, seed=table.catalog.seed)
    fitted = fit_head_to_table(table, settings)
    return TrainedMethod(settings=settings, cut="head", backbone=backbone, table=table, fitted=fitted).fit_again()


def map_draws(
    draw: Callable[[Any, int], Any], taken: Any, seeds: Sequence[int], workers: int | None = None
) -> Iterator[Any]:
    """Yield ``draw(taken, seed)`` for each seed, computed by processes of one thread each."""
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("fork"), _take, (draw, taken)) as pool:
        yield from pool.map(_draw_taken, seeds)


def _take(draw: Callable[[Any, int], Any], taken: Any) -> None:
    threadpool_limits(1)  # the workers use all cores
    _taken[:] = [draw, taken]


def _draw_taken(seed: int) -> Any:
    draw, taken = _taken
    return draw(taken, seed)


def _forget_splits(catalog: Catalog, shares: dict[str, int]) -> Catalog:
    photos = tuple(replace(photo, split=None, is_drawn=True) for photo in catalog.photos)
    return replace(catalog, photos=photos, plan=SplitPlan(None, shares), seed=-1)
