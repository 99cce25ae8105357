"""Measure how many strangers of the built-in gallery a trained method refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.view_averaging import average_views
from headstart.catalog.photo import Photo
from headstart.classifier.refusal import choose_refusal
from headstart.features.extraction import PhotoFile, extract_features
from headstart.features.feature_cache import open_feature_cache
from headstart.methods.method_runner import TrainedMethod
from headstart.methods.novelty import measure_refused
from headstart.methods.training_context import TrainingContext
from headstart.pixels.decode import read_photo
from headstart.pixels.strangers import Stranger, draw_stranger, list_strangers
from headstart.pixels.views import SYMMETRIES


def measure_strangers(
    trained: TrainedMethod, context: TrainingContext, photos: Sequence[Photo] = ()
) -> dict[str, Any] | None:
    """Return ``strangers`` of the record ``novelty`` of metrics.json, or None if no photo is refused.

    ``n``, ``n_refused``, ``refused`` and ``refused_ci95`` are of the default refusal. ``kinds`` has ``kind``, ``n``,
    ``n_refused`` and ``least_strange`` for each kind of strangers: ``number``, ``path`` (None if the image is
    generated) and ``novelty`` of the image with the highest novelty. The features come from the cache if the network is
    pretrained.

    Parameters
    ----------
    photos
        Photos of nothing that the classifier knows, with their kind as label, in addition to the generated images.
    """
    test = trained.novelty
    if test is None:
        return None
    refuse = choose_refusal(test.n_units)
    shown: list[Stranger | Photo] = [*list_strangers(), *photos]
    rows, at = _compute_features(shown, trained, context)
    shown = [shown[n] for n in at]
    novelties, kinds = test.measure(rows[:, -len(test.mean) :]), [_name_kind(one) for one in shown]
    by_kind = []
    for kind in dict.fromkeys(kinds):
        members = [n for n, name in enumerate(kinds) if name == kind]
        least = max(members, key=lambda n: (novelties[n], -n))
        one = shown[least]
        by_kind.append({
            "kind": kind, "n": len(members), "n_refused": measure_refused(novelties[members], refuse)["n_refused"],
            "least_strange": {
                "number": members.index(least), "path": one.file if isinstance(one, Photo) else None,
                "novelty": float(novelties[least]),
            },
        })  # fmt: skip
    return measure_refused(novelties, refuse, kinds) | {"kinds": by_kind}


def _name_kind(one: Stranger | Photo) -> str:
    return one.kind if isinstance(one, Stranger) else one.label


def _compute_features(
    shown: Sequence[Stranger | Photo], trained: TrainedMethod, context: TrainingContext
) -> tuple[npt.NDArray[np.float32], list[int]]:
    """Return the features of images, as the classifier computes them, and the positions of those that can be read."""
    setup = replace(context.setup, backbone=trained.backbone)
    n_views = trained.table.n_averaged
    by_digest = {one.digest: one for one in shown}

    def read(file: PhotoFile, size_px: int) -> npt.NDArray[np.uint8]:
        one = by_digest[file.digest]
        if isinstance(one, Stranger):
            return draw_stranger(one, size_px)
        return read_photo(one.path, size_px, one.digest, depth=setup.depth)

    with open_feature_cache(cache=context.cache and trained.tuned is None) as feature_cache:
        found = extract_features(
            [one for _ in range(n_views) for one in shown], setup, read=read, feature_cache=feature_cache,
            views=[view for view in SYMMETRIES[:n_views] for _ in shown],
        )  # fmt: skip
    views = found.matrix.reshape(n_views, len(shown), -1)
    at = [n for n in range(len(shown)) if np.isfinite(views[:, n]).all()]
    return average_views(views[:, at]), at
