"""Evaluate a classifier on photos: only on those it has not been trained on, and by the names of the classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.catalog.catalog import Catalog
from headstart.catalog.classes import describe_unknown_labels
from headstart.catalog.photo import SPLITS, Photo
from headstart.catalog.scan import scan_labelled
from headstart.classifier.classifier import Classifier
from headstart.errors import CatalogError
from headstart.evaluation.metrics import evaluate_probabilities
from headstart.process.progress import show_progress

SPLIT_CHOICES = ("auto", *SPLITS, "all")


def evaluate_classifier(
    model: Classifier, photos: Catalog | str | Path, *, split: str = "auto", verbose: bool = True
) -> dict[str, Any]:
    """Evaluate a classifier on labelled photos.

    A photo that it was trained on is left out and counted, wherever it lies now; so is a photo whose label it does
    not know, and one that cannot be read. Labels are matched by name, never by position.

    Parameters
    ----------
    photos
        A catalog, or a folder or CSV.
    split
        Which photos: those that the folder or CSV names ``train``, ``validation`` or ``test``, or ``all``. ``auto``:
        its test photos if it names any, otherwise all.

    Returns
    -------
    Plain JSON types: the metrics of `evaluate_probabilities`, and ``split``, ``n_seen``, ``unknown_labels``,
    ``skipped``, ``notes`` (texts) and ``note_records``.

    Raises
    ------
    CatalogError
        If no photo is left.
    """
    if split not in SPLIT_CHOICES:
        raise CatalogError(f"Cannot evaluate on split {split!r}: need one of {', '.join(SPLIT_CHOICES)}.")
    if not isinstance(photos, Catalog):
        with show_progress("Scanning", is_shown=verbose) as progress:
            photos = scan_labelled(photos, progress=progress)
    if split == "auto":
        split = "test" if photos.select("test") else "all"
    chosen = [photo for photo in photos.photos if split in ("all", photo.split)]
    fresh = [photo for photo in chosen if not model.metadata.has_seen(photo.digest)]
    known = [photo for photo in fresh if photo.label in model.labels]
    unknown = Counter(photo.label for photo in fresh if photo.label not in model.labels)
    if not known:
        raise CatalogError(_say_nothing_left(model, photos.source, split, len(chosen), len(fresh), unknown))
    answered, metrics, failures = _predict(model, known, verbose)
    if not answered:
        raise CatalogError(f"Cannot evaluate on '{photos.source}': none of its {len(known)} photos can be decoded.")
    return {
        "schema": 1,
        "data": photos.source,
        "split": split,
        "precision": model.precision,
        "classes": list(model.labels),
        **metrics,
        "n_seen": len(chosen) - len(fresh),
        "unknown_labels": dict(unknown),
        "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in photos.skipped] + failures,
        "notes": [note.text for note in photos.notes],
        "note_records": [note.to_record() for note in photos.notes],
    }


def _say_nothing_left(
    model: Classifier, source: str, split: str, n_chosen: int, n_fresh: int, unknown: Counter[str]
) -> str:
    of_split = "" if split == "all" else f" in its {split} split"
    if not n_chosen:
        hint = "Try --split all, or give the catalog.csv of the run, which names the splits of its photos."
        return f"Cannot evaluate on '{source}': it has no photos{of_split}. {hint}"
    if not n_fresh:
        return (
            f"Cannot evaluate on '{source}': the classifier was trained on all of its {n_chosen:,} photos{of_split}. "
            "Give photos that it has not seen."
        )
    labels = "; ".join(describe_unknown_labels(dict(sorted(unknown.items())), model.labels))
    return (
        f"Cannot evaluate on '{source}': the classifier does not know its labels: {labels}. "
        f"It knows {', '.join(model.labels)}, letter by letter: rename the class folders."
    )


def _predict(
    model: Classifier, photos: Sequence[Photo], verbose: bool
) -> tuple[list[Photo], dict[str, Any], list[dict[str, str]]]:
    numbers = {label: i for i, label in enumerate(model.labels)}
    answered, rows, failures = [], [], []
    with show_progress("Evaluating", is_shown=verbose) as progress:
        answers = model.predict_iter(photo.path for photo in photos)
        for n_done, (photo, answer) in enumerate(zip(photos, answers, strict=True), 1):
            if answer.error is None:
                answered.append(photo)
                rows.append([answer.probabilities[label] for label in model.labels])
            else:
                failures.append({"path": str(photo.path), "reason": answer.error})
            progress(n_done, len(photos))
    if not answered:
        return [], {}, failures
    y = np.array([numbers[photo.label] for photo in answered])
    return answered, evaluate_probabilities(y, np.array(rows), model.labels), failures
