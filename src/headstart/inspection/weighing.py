"""Let photos count less in training if their labels still look wrong and nobody has decided about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headstart.inspection.audit import AuditOptions, open_context
from headstart.inspection.changes import WEIGHED, Change
from headstart.inspection.corrections import Corrections
from headstart.inspection.gathering import forget_drawn_splits, gather_photos
from headstart.inspection.label_scores import Floats, LabelScores, score_labels
from headstart.inspection.wrong_labels import note_unlearned
from headstart.process.progress import show_progress
from headstart.storage.photo_folder import shorten_path

FULL_WEIGHT_FROM = 0.5  # probability of a label; below it, the photo counts less in training, in proportion
LEAST_WEIGHT = 0.05


def compute_weights(scores: LabelScores) -> Floats:
    """Return (N,) weights in training, 0.05 to 1: twice the probability of each label."""
    weights: Floats = np.clip(scores.own / np.float32(FULL_WEIGHT_FROM), LEAST_WEIGHT, 1)
    return weights


def weigh_doubtful_labels(corrections: Corrections, options: AuditOptions) -> Corrections:
    """Return the corrections with a weight below 1 for each photo whose label looks doubtful after them.

    The weight is twice the probability of the label, and at least 0.05. Photos that a person decided about, and those
    that have another weight already, stay as they are. If most labels look wrong, so do all photos.

    Raises
    ------
    HeadstartError
        If the photos cannot be used.
    """
    context, settings = open_context(options)
    photos, _ = gather_photos(forget_drawn_splits(corrections.catalog), context, settings)
    with show_progress("Scoring labels", is_shown=options.verbose, unit="steps") as progress:
        progress(0, 1)
        scores = score_labels(photos, seed=options.seed)
        progress(1, 1)
    if scores is None or note_unlearned(scores):
        return corrections
    rows = {photo.digest: n for n, photo in enumerate(photos.photos) if photo.digest not in corrections.decided}
    weights = compute_weights(scores)
    kept, changes = [], []
    for photo in corrections.catalog.photos:
        n = rows.get(photo.digest)
        weight = 1.0 if n is None else round(float(weights[n]), 3)
        if n is None or weight == 1 or photo.weight != 1:
            kept.append(photo)
            continue
        reason = f"The label '{photo.label}' looks doubtful: its probability is {scores.own[n]:.0%}."
        changes.append(Change(shorten_path(photo.file, None), photo.digest, WEIGHED, "1", f"{weight:g}", reason))
        kept.append(replace(photo, weight=weight))
    catalog = replace(corrections.catalog, photos=tuple(kept))
    return replace(corrections, catalog=catalog, changes=(*corrections.changes, *changes))
