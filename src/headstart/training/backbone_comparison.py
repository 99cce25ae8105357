"""Compare backbones on the user's own photos: the accuracy of ``fixed`` with each, on the same splits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

import numpy as np

from headstart.backbone.loading import open_setup
from headstart.catalog.catalog import Catalog
from headstart.catalog.redrawing import redraw_splits
from headstart.catalog.scan import scan_photos
from headstart.catalog.source import PhotoSource
from headstart.errors import CatalogError
from headstart.evaluation.intervals import wilson_interval
from headstart.methods.method_runner import MethodRunner
from headstart.methods.near_copy_search import keep_near_copies_together
from headstart.methods.settings import Settings
from headstart.methods.training_context import TrainingContext
from headstart.process.progress import show_progress


@dataclass(frozen=True, slots=True)
class BackboneAccuracy:
    """The accuracy of ``fixed`` with one backbone.

    Attributes
    ----------
    backbone
        Its name.
    accuracies
        Test accuracy of each split, 0 to 1.
    n_test
        Test photos of the first split.
    interval
        95% interval of the accuracy on the first split.
    """

    backbone: str
    accuracies: tuple[float, ...]
    n_test: int
    interval: tuple[float, float]

    @property
    def accuracy(self) -> float:
        """Mean of the accuracies."""
        return mean(self.accuracies)

    def to_record(self) -> dict[str, Any]:
        """Return the facts in plain JSON types."""
        return {
            "accuracy": self.accuracy, "accuracies": list(self.accuracies), "n_test": self.n_test,
            "accuracy_ci95": list(self.interval),
        }  # fmt: skip


def compare_backbones(
    photos: Catalog | PhotoSource, backbones: Sequence[str], *, n_splits: int = 1, seed: int = 0, cache: bool = True,
    verbose: bool = True, say: Callable[[str], None] = lambda _: None, **settings: Any,
) -> list[BackboneAccuracy]:  # fmt: skip
    """Train ``fixed`` with each backbone on the same splits, and return its accuracy on the test photos.

    Each photo is computed once with each backbone. Near copies, which the first backbone finds, stay in one split.

    Parameters
    ----------
    photos
        A catalog, or a source of photos as for `scan_photos`.
    n_splits
        Number of splits that are drawn, each with the next seed. More than one needs photos without named splits.
    settings
        Other fields of `Settings`.

    Raises
    ------
    HeadstartError
        If the photos or a backbone cannot be used, or there are no test photos.
    """
    chosen = Settings(method="fixed", seed=seed, **settings)
    chosen.check()
    setups = [open_setup(name, precision=chosen.precision, depth=chosen.depth) for name in backbones]
    if isinstance(photos, Catalog):
        catalog = photos
    else:
        with show_progress("Scanning", is_shown=verbose) as progress:
            catalog = scan_photos(photos, seed=seed, cache=cache, progress=progress)
    catalog, _, fresh = keep_near_copies_together(catalog, TrainingContext(setups[0], cache, verbose), chosen)
    if not catalog.select("test"):
        raise CatalogError(
            f"Cannot compare backbones on '{catalog.source}': got no test photos. Add photos, or leave out --photos.",
            path=catalog.source,
        )
    catalogs = [catalog if n == 0 else redraw_splits(catalog, seed=catalog.seed + n) for n in range(n_splits)]
    results = []
    for name, setup in zip(backbones, setups, strict=True):
        say(f"Training with {name}.")
        runner = MethodRunner(catalog, TrainingContext(setup, cache, verbose), fresh=fresh)
        found = [_judge(runner, one, replace(chosen, seed=seed + n)) for n, one in enumerate(catalogs)]
        n_right, n_test = found[0]
        results.append(
            BackboneAccuracy(name, tuple(right / n for right, n in found), n_test, wilson_interval(n_right, n_test))
        )
    return results


def _judge(runner: MethodRunner, catalog: Catalog, settings: Settings) -> tuple[int, int]:
    """Train on one split, and return how many test photos are right, of how many."""
    trained = replace(runner, catalog=catalog).run(settings).fit_again()
    rows = trained.table.splits["test"]
    answers = trained.choose_head("test").probabilities(np.asarray(rows.X)).argmax(1)
    return int((answers == rows.y).sum()), len(rows.y)
