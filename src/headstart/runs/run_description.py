"""Describe a training for metrics.json: settings, hyperparameters, counts, skipped photos and notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from headstart.evaluation.notes import Note
from headstart.methods.tail_tuning import TunedBackbone
from headstart.methods.trained_method import TrainedMethod
from headstart.version import __version__


def describe_training(trained: TrainedMethod, notes: Iterable[Note]) -> dict[str, Any]:
    """Return the part of metrics.json that describes the training, in plain JSON types; the measures are not in it."""
    settings, table, fitted, tuned = trained.settings, trained.table, trained.fitted, trained.tuned
    labels = table.catalog.labels
    class_weight = fitted.class_weight if trained.final is None else trained.final.class_weight
    weights = None if class_weight is None else dict(zip(labels, map(float, class_weight), strict=True))
    strength = None
    if fitted.strength is not None:
        rows = [] if fitted.choice is None else [asdict(row) for row in fitted.choice.table]
        is_weighted = fitted.class_weight is not None or table.splits["train"].weights is not None
        strength = {"chosen": fitted.strength, "table": rows, "is_weighted": is_weighted}
    return {
        "schema": 1,
        "headstart": __version__,
        "method": settings.method,
        "cut": trained.cut,
        "features": settings.features if tuned is None else "last",
        "head": fitted.kind,
        "candidates": list(trained.candidates),
        "backbone": trained.backbone.spec.name,
        "image_size": table.image_size,
        "depth": settings.depth,
        "precision": table.precision,
        "views": settings.n_fixed_views if tuned is None else tuned.n_views,
        "averaged_views": table.n_averaged,
        "classes": list(labels),
        "seed": settings.seed,
        "split_seed": table.catalog.seed,
        "is_test_drawn": all(photo.is_drawn for photo in table.splits["test"].photos),
        "strength": strength,
        "fitted_on": _name_splits(trained),
        "confidence": trained.confidence,
        "class_weights": weights,
        "tuning": None if tuned is None else _describe_tuning(tuned),
        "n_extracted": table.n_extracted,
        "n_cached": table.n_cached,
        "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in table.catalog.skipped],
        "notes": [note.text for note in notes],
    }


def _name_splits(trained: TrainedMethod) -> str:
    """Name the splits that the head of the file was fitted to, as the setting ``fit_on`` does."""
    return "all" if "test" in trained.fitted_on else "+".join(trained.fitted_on)


def _describe_tuning(backbone: TunedBackbone) -> dict[str, Any]:
    tuned = backbone.result
    return {
        **asdict(backbone.hyperparameters),
        "best_epoch": tuned.best_epoch,
        "n_epochs": tuned.n_epochs,
        "seconds_per_epoch": round(tuned.seconds_per_epoch, 3),
        "device": tuned.device,
        "factor": tuned.factor,
        "is_stopped": tuned.is_stopped,
    }
