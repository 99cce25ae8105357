"""Read a run folder as the parameters, metrics and tags that trackers take."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.catalog.photo import SPLITS
from headstart.evaluation.verdict import write_verdict
from headstart.head.history import Epoch
from headstart.storage.photo_folder import read_photo_folder

_CHOICES = ("method", "cut", "backbone", "image_size", "depth", "features", "head", "precision", "views",
            "averaged_views", "seed", "split_seed")  # fmt: skip
_NO_FACTS = ("path", "near_copies", "drawn")  # columns that are not in the hash of a catalog
_COUNTS = ("n", "n_folds", "n_repeats")  # not tracked as metrics: a tracker draws a chart for each metric


@dataclass(frozen=True, kw_only=True)
class TrackedRun:
    """A run as trackers take it.

    Attributes
    ----------
    folder
        Absolute path of the run folder.
    parameters
        Settings of the training, without those that are None.
    metrics
        Results, such as ``test/accuracy``, the ends of its 95% interval as ``test/accuracy_low`` and ``_high``, and
        times, such as ``seconds/fit``.
    history
        Rows of history.csv: epochs of training, or iterations of the solver.
    tags
        Version of headstart, folder of the photos, and a hash of the catalog that does not depend on that folder.
    verdict
        The verdict, in a few sentences.
    """

    folder: Path
    parameters: dict[str, str | int | float | bool]
    metrics: dict[str, float]
    history: tuple[Epoch, ...]
    tags: dict[str, str]
    verdict: str

    @property
    def name(self) -> str:
        """Name of the run folder."""
        return self.folder.name


def read_tracked_run(folder: Path) -> TrackedRun:
    """Read a run folder for a tracker."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    with (folder / "history.csv").open(newline="", encoding="utf-8") as file:
        history = tuple(
            Epoch(row["Data"], int(row["Epoch"]), float(row["Accuracy"]), float(row["Loss"]))  # type: ignore[arg-type]
            for row in csv.DictReader(file)
        )
    tags = {"headstart.version": metrics["headstart"], **_describe_catalog(folder / "catalog.csv")}
    return TrackedRun(
        folder=folder.resolve(), parameters=_list_parameters(metrics), metrics=_list_metrics(metrics),
        history=history, tags=tags, verdict=write_verdict(metrics),
    )  # fmt: skip


def _list_parameters(metrics: dict[str, Any]) -> dict[str, str | int | float | bool]:
    found = {name: metrics[name] for name in _CHOICES}
    found |= {"n_classes": len(metrics["classes"]), "is_auto": metrics["auto"] is not None}
    found |= {f"n_{split}": (metrics[split] or {"n": 0})["n"] for split in SPLITS}
    found["class_weight"] = "none" if metrics["class_weights"] is None else "balanced"
    found["strength"] = None if metrics["strength"] is None else metrics["strength"]["chosen"]
    found |= {f"tuning.{name}": value for name, value in (metrics["tuning"] or {}).items()}
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}


def _list_metrics(metrics: dict[str, Any]) -> dict[str, float]:
    found: dict[str, Any] = {}
    for part in (*reversed(SPLITS), "cross_validation", "seconds"):  # the most important first
        for name, value in (metrics[part] or {}).items():
            if name in _COUNTS:
                continue
            if name == "accuracy_ci95":
                found |= {f"{part}/accuracy_low": value[0], f"{part}/accuracy_high": value[1]}
            else:
                found[f"{part}/{name}"] = value
    return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}


def _describe_catalog(path: Path) -> dict[str, str]:
    """Return the common folder of the photos, and a hash of the catalog without the paths."""
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        rows = list(csv.DictReader(file))
    facts = sorted("\t".join(value for name, value in row.items() if name not in _NO_FACTS) for row in rows)
    digest = hashlib.sha256("\n".join(facts).encode("utf-8", "surrogateescape")).hexdigest()
    named = read_photo_folder(path)
    if named is not None:
        return {"headstart.photos": str(named), "headstart.catalog_sha256": digest}
    try:
        folder = os.path.commonpath([os.path.normpath(row["path"]) for row in rows])
    except ValueError:  # on several drives
        folder = ""
    return {"headstart.photos": folder, "headstart.catalog_sha256": digest}
