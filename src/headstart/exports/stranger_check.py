"""Compare on the gallery of strangers which images a classifier and its export refuse.

Of photos of the classifier's own kind about 1 in 100 is refused, so that an export that refuses nothing hardly differs
on them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from headstart.classifier.classifier import Classifier
from headstart.exports.prediction import PredictOne
from headstart.pixels.strangers import draw_stranger, list_strangers

MOST_DIFFERING = 0.1  # share of the gallery; images near the threshold may differ, most of all in int8


def compare_on_strangers(classifier: Classifier, predict: PredictOne) -> dict[str, Any] | None:
    """Return how both answer the gallery, or None if the classifier refuses no photos.

    Returns
    -------
    ``n``: number of images. ``n_refused``: those that ``classifier`` and ``export`` refuse; None for an export without
    novelty. ``n_refused_differently``: those that one of them alone refuses. ``is_accepted``: whether the export has a
    novelty, and at most 10% of the images differ.
    """
    from PIL import Image

    rules, side = classifier.rules, classifier.image_size
    if rules.refused_share is None:
        return None
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for stranger in list_strangers():
            pixels, path = draw_stranger(stranger, side), Path(folder, f"{stranger.path}.png")
            Image.fromarray(pixels).save(path)  # a browser reads files
            novelties = classifier.judge_pixels(pixels[None])[1]
            ours.append(not rules.is_known(None if novelties is None else float(novelties[0])))
            novelty = predict(path, pixels).novelty
            theirs.append(None if novelty is None else not rules.is_known(novelty))
    is_told = None not in theirs
    n_other = sum(our != their for our, their in zip(ours, theirs, strict=True))
    return {
        "n": len(ours), "n_refused": {"classifier": sum(ours), "export": sum(map(bool, theirs)) if is_told else None},
        "n_refused_differently": n_other, "is_accepted": is_told and n_other <= MOST_DIFFERING * len(ours),
    }  # fmt: skip


def describe_strangers(record: dict[str, Any]) -> str:
    """Say how both answer the gallery, in a sentence."""
    ours, theirs = record["n_refused"]["classifier"], record["n_refused"]["export"]
    if theirs is None:
        return f"of {record['n']} images of strangers the classifier refuses {ours}, and the export cannot refuse any"
    return (
        f"of {record['n']} images of strangers the classifier refuses {ours} and the export {theirs}; on "
        f"{record['n_refused_differently']} they differ"
    )
