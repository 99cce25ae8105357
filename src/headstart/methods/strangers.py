"""Measure how many strangers of the built-in gallery a trained method refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.view_averaging import average_views
from headstart.catalog.photo import Photo
from headstart.classifier.refusal import DEFAULTS, choose_refusal
from headstart.features.extraction import PhotoFile, extract_features
from headstart.features.feature_cache import open_feature_cache
from headstart.methods.novelty import count_refused
from headstart.methods.trained_method import TrainedMethod
from headstart.methods.training_context import TrainingContext
from headstart.pixels.decode import read_photo
from headstart.pixels.strangers import Stranger, draw_stranger, list_strangers
from headstart.pixels.views import SYMMETRIES


def measure_gallery(
    trained: TrainedMethod, context: TrainingContext, photos: Sequence[Photo] = ()
) -> dict[str, Any] | None:
    """Return ``strangers`` of the record ``novelty`` of metrics.json, or None if no photo is refused.

    The counts of `count_refused` are of the generated images. ``kinds`` has ``kind``, ``n``, ``n_refused`` and
    ``least_strange`` for each kind of them: ``number`` and ``novelty`` of the image with the highest novelty.
    ``photos`` has ``kind`` and the counts of the given photos; None without them. The features come from the cache if
    the network is pretrained.

    Parameters
    ----------
    photos
        Photos of nothing that the classifier knows, of one kind, with this kind as label.
    """
    test = trained.novelty
    if test is None:
        return None
    refuse = choose_refusal(test.n_units) or DEFAULTS[-1]
    shown: list[Stranger | Photo] = [*list_strangers(), *photos]
    rows, at = _compute_features(shown, trained, context)
    novelties = dict(zip(at, test.measure(rows[:, -len(test.mean) :]), strict=True))
    members: dict[str, list[np.float32]] = {}
    for n, one in enumerate(list_strangers()):
        members.setdefault(one.kind, []).append(novelties[n])
    kinds = [_describe_kind(kind, np.array(some), refuse) for kind, some in members.items()]
    names = [kind for kind, some in members.items() for _ in some]
    counts = count_refused(np.concatenate([np.array(some) for some in members.values()]), refuse, names)
    others = np.array([novelties[n] for n in at if n >= len(names)], np.float32)
    counted = {"kind": photos[0].label} | count_refused(others, refuse) if len(others) else None
    return counts | {"kinds": kinds, "photos": counted}


def _describe_kind(kind: str, novelties: npt.NDArray[np.float32], refuse: float) -> dict[str, Any]:
    number = int(novelties.argmax())
    return {
        "kind": kind, "n": len(novelties), "n_refused": int((novelties <= refuse).sum()),
        "least_strange": {"number": number, "novelty": float(novelties[number])},
    }  # fmt: skip


def _compute_features(
    shown: Sequence[Stranger | Photo], trained: TrainedMethod, context: TrainingContext
) -> tuple[npt.NDArray[np.float32], list[int]]:
    """Return the features of images, by the network of the training, and the positions of those that can be read."""
    setup = replace(context.setup, backbone=trained.extractor or trained.backbone)
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
