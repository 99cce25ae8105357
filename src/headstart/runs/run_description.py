"""The part of metrics.json that says what was trained, on what and how."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from headstart.methods.method_runner import TrainedMethod
from headstart.methods.settings import ADAM_EPOCHS
from headstart.methods.tail_tuning import TunedBackbone
from headstart.version import __version__


def describe_training(trained: TrainedMethod) -> dict[str, Any]:
    """Return what was trained, on what and how, in plain JSON types."""
    settings, table, fitted, tuned = trained.settings, trained.table, trained.fitted, trained.tuned
    labels = table.catalog.labels
    weights = None if fitted.class_weight is None else dict(zip(labels, map(float, fitted.class_weight), strict=True))
    strength = None
    if fitted.strength is not None:
        rows = [] if fitted.choice is None else [asdict(row) for row in fitted.choice.table]
        strength = {"chosen": fitted.strength, "table": rows}
    return {
        "schema": 1,
        "headstart": __version__,
        "method": settings.method,
        "cut": trained.cut,
        "features": settings.features,
        "head": settings.head if tuned is None else "linear",
        "backbone": trained.backbone.spec.name,
        "image_size": table.image_size,
        "precision": table.precision,
        "views": settings.n_fixed_views if tuned is None else tuned.n_views,
        "averaged_views": table.n_averaged,
        "classes": list(labels),
        "seed": settings.seed,
        "split_seed": table.catalog.seed,
        "strength": strength,
        "class_weights": weights,
        "tuning": None if tuned is None else _describe_tuning(tuned),
        "n_extracted": table.n_extracted,
        "n_cached": table.n_cached,
        "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in table.catalog.skipped],
        "notes": _write_notes(trained),
    }


def _describe_tuning(backbone: TunedBackbone) -> dict[str, Any]:
    tuned = backbone.result
    return {
        **asdict(backbone.recipe),
        "best_epoch": tuned.best_epoch,
        "n_epochs": tuned.n_epochs,
        "seconds_per_epoch": round(tuned.seconds_per_epoch, 3),
        "device": tuned.device,
        "factor": tuned.factor,
        "is_stopped": tuned.is_stopped,
    }


def _write_notes(trained: TrainedMethod) -> list[str]:
    settings, fitted = trained.settings, trained.fitted
    notes = list(trained.table.catalog.notes)
    if fitted.class_weight is not None and settings.class_weight == "auto":
        notes.append(
            "The classes are of unequal size: photos of smaller classes counted more (balanced class weights)."
        )
    if trained.table.n_averaged > 1:
        n = trained.table.n_averaged
        notes.append(
            f"Each answer is the average over {n} views of the photo (mirrored"
            f"{', upside down' if n > 2 else ''}{', turned by quarters' if n > 4 else ''}): prediction takes {n} times "
            "as long as of one view."
        )
    return notes + (
        _write_tuning_notes(trained, trained.tuned) if trained.tuned is not None else _write_fixed_notes(trained)
    )


def _write_tuning_notes(trained: TrainedMethod, backbone: TunedBackbone) -> list[str]:
    from headstart.tune.hyperparameters import RECIPES

    settings, tuned, recipe = trained.settings, backbone.result, backbone.recipe
    notes = []
    if tuned.is_stopped:
        kept = ", and the best so far was kept" if tuned.best_epoch else ""
        notes.append(
            f"Training was stopped by Ctrl-C after {tuned.n_epochs} of {recipe.epochs} epochs{kept}. The same command "
            "goes on from there (with --overwrite if it names a folder by --out)."
        )
    elif tuned.n_epochs < recipe.epochs:
        notes.append(
            f"Training ended after {tuned.n_epochs} of {recipe.epochs} epochs: {recipe.patience} in a row were no "
            "better on the validation photos."
        )
    share = recipe.learning_rate / RECIPES[settings.method].learning_rate
    if settings.learning_rate is None and share < 1:
        notes.append(f"So few epochs are few steps: the peak rate was {share:.2g} of the usual one.")
    if not trained.table.splits["validation"].photos:
        notes.append("There was no validation split to watch: all epochs were trained, and the last one was kept.")
    elif tuned.best_epoch == 0 and tuned.n_epochs:
        by_noise = " by more than noise" if recipe.n_errors else ""
        notes.append(
            f"No epoch had a loss on the validation photos, with its confidence set right, that was lower{by_noise} "
            "than the start's, so the network is as pretrained, with the head that the method fixed gives."
        )
    return notes


def _write_fixed_notes(trained: TrainedMethod) -> list[str]:
    settings, fitted, notes = trained.settings, trained.fitted, []
    if not fitted.is_converged:
        notes.append("The solver stopped before its optimum: the features are hard to separate at this strength.")
    if settings.head == "adam":
        notes.append(
            f"The adam head is the recipe of the Keras tutorial: {settings.epochs or ADAM_EPOCHS} epochs, whether it "
            "has converged by then or not, and no cross-validation."
        )
        if settings.strength is not None:
            notes.append("The strength was not used: the adam head has none.")
    elif settings.n_fixed_views > 1 and not settings.average_views:
        notes.append("Cross-validation judged heads that were fitted to the photos as they are, without further views.")
    if settings.head == "logistic" and settings.epochs is not None:
        notes.append("The number of epochs was not used: the logistic head is fitted until it has converged.")
    return notes
