"""Fit the novelty test of a trained method, and measure it on the method's own photos."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo
from headstart.catalog.photo_groups import name_groups
from headstart.classifier.refusal import DEFAULTS, choose_refusal
from headstart.evaluation.intervals import bound_share, count_effective
from headstart.evaluation.refused_share import find_refusal_p
from headstart.head.novelty import MAX_ROWS, NoveltyTest, count_units, fit_and_judge
from headstart.methods.feature_table import SplitFeatures
from headstart.methods.own_novelties import OwnNovelties
from headstart.methods.split_metrics import SplitPredictions
from headstart.methods.trained_method import TrainedMethod
from headstart.storage.large_arrays import take_rows, walk_rows

N_STRANGEST = 9  # own photos that metrics.json names

Floats = npt.NDArray[np.float32]


def fit_trained_novelty(trained: TrainedMethod) -> TrainedMethod:
    """Return the training with a novelty test on the last stage's features of the photos that the file is fitted to.

    Frozen features do not know the training photos, so that folds of them give the shares. Above a cut they do: the
    validation photos give the shares there, in as many views as the file averages. The components come from training
    photos in one view: that changes which strangers are noticed, but not the share of own photos that are refused,
    because new photos are averaged like the validation photos. With too few photos there is no test. Of more than
    20,000 photos, as many are drawn, whatever splits they are in.
    """
    seed = trained.settings.seed
    own = _choose_own(trained)
    if not own:
        return trained
    photos, X = _take_photos(trained, own)
    units = name_groups(photos)
    if trained.tuned is None:
        fitted = fit_and_judge(X, units, seed=seed)
    else:
        fitted = fit_and_judge(_take_photos(trained, ["train"])[1], held_out=X, held_out_units=units, seed=seed)
    if fitted is None:
        return trained
    test, novelties = fitted
    return replace(trained, novelty=test, own_novelties=OwnNovelties(photos, novelties, units))


def _choose_own(trained: TrainedMethod) -> list[str]:
    """Return the splits whose photos give the shares."""
    splits = trained.fitted_on if trained.tuned is None else ("validation",)
    return [split for split in splits if trained.table.splits[split].photos]


def _take_photos(trained: TrainedMethod, splits: Sequence[str]) -> tuple[tuple[Photo, ...], Floats]:
    """Return the photos of splits, sorted by digest, and their features of the last stage; of many, a random part."""
    spec, parts = trained.backbone.spec, [trained.table.splits[split] for split in splits]
    n_last = spec.n_last_features
    ranked = _rank_photos(list(chain.from_iterable(part.photos for part in parts)), trained.settings.seed)
    n_before, X = 0, np.empty((len(ranked), n_last), np.float32)
    for part in parts:
        here = np.flatnonzero((ranked >= n_before) & (ranked < n_before + len(part.photos)))
        order = np.argsort(ranked[here])  # rows of a file are read in their order
        X[here[order]] = take_rows(part.X, ranked[here[order]] - n_before)[:, -n_last:]
        n_before += len(part.photos)
    photos = list(chain.from_iterable(part.photos for part in parts))
    return tuple(photos[n] for n in ranked), X


def _rank_photos(photos: Sequence[Photo], seed: int) -> npt.NDArray[np.int64]:
    """Return the positions of photos by digest; of more than 20,000, of those that a hash with the seed puts first."""
    at: Sequence[int] = range(len(photos))
    if len(photos) > MAX_ROWS:
        drawn = {n: hashlib.sha256(f"{seed} {photos[n].digest}".encode()).digest() for n in at}
        at = sorted(at, key=drawn.__getitem__)[:MAX_ROWS]
    return np.array(sorted(at, key=lambda n: (photos[n].digest, photos[n].label, photos[n].file)), np.int64)


def measure_novelty(trained: TrainedMethod, predictions: Mapping[str, SplitPredictions]) -> dict[str, Any]:
    """Return ``novelty`` of metrics.json.

    ``n`` is the number of photos that measured the shares, ``measured_on`` their splits, ``refuse`` the share of own
    photos that is refused by default; None if there were too few photos. ``test`` has ``n``, ``n_refused``,
    ``refused``, ``refused_ci95`` and ``n_refused_at_5`` (at a share of 5%) of the test photos, and ``p``, the
    probability that chance refuses as many; or None without such photos, or if the test was fitted to them. Of the
    photos that measured the shares nothing is counted: these shares are theirs. ``strangest`` has ``path``, ``label``,
    ``split`` and ``novelty`` of the strangest photos of both kinds.
    """
    test, own = trained.novelty, trained.own_novelties
    splits = _choose_own(trained)
    record: dict[str, Any] = {
        "n": 0, "measured_on": "+".join(splits), "refuse": None, "test": None, "strangest": [],
    }  # fmt: skip
    if test is None or own is None:
        photos = [photo for split in splits for photo in trained.table.splits[split].photos]
        return record | {"n": count_units(len(photos), name_groups(photos))}
    refuse = choose_refusal(test.n_units) or DEFAULTS[-1]  # a test has enough photos for the last one
    record |= {"n": test.n_units, "refuse": refuse}
    found = list(zip(own.photos, own.novelties.tolist(), strict=True))
    rows = predictions["test"].features
    if len(rows.y) and "test" not in trained.fitted_on:
        novelties = _measure_rows(test, rows)
        record["test"] = count_refused(novelties, refuse, rows.groups)
        record["test"]["p"] = _judge_refused(novelties.astype(np.float64) <= refuse, refuse, test.n_units, rows.groups)
        found += zip(rows.photos, novelties.tolist(), strict=True)
    found.sort(key=lambda pair: (pair[1], pair[0].digest))
    record["strangest"] = [
        {"path": photo.file, "label": photo.label, "split": photo.split, "novelty": novelty}
        for photo, novelty in found[:N_STRANGEST]
    ]
    return record


def _measure_rows(test: NoveltyTest, rows: SplitFeatures) -> Floats:
    blocks = [test.measure(np.asarray(rows.X[block])[:, -len(test.mean) :]) for block in walk_rows(rows.X, 4096)]
    return np.concatenate(blocks)


def count_refused(novelties: Floats, refuse: float, groups: Sequence[str] | None = None) -> dict[str, Any]:
    """Return ``n``, ``n_refused``, ``refused``, ``refused_ci95`` and ``n_refused_at_5`` of novelties (N,)."""
    compared = novelties.astype(np.float64)  # as in AnswerRules.is_known
    is_refused = compared <= refuse
    return {
        "n": len(is_refused), "n_refused": int(is_refused.sum()), "refused": float(is_refused.mean()),
        "refused_ci95": bound_share(is_refused, np.ones(len(is_refused)), groups),
        "n_refused_at_5": int((compared <= DEFAULTS[-1]).sum()),
    }  # fmt: skip


def _judge_refused(
    is_refused: npt.NDArray[np.bool_], refuse: float, n_units: int, groups: Sequence[str] | None
) -> float:
    n = count_effective(is_refused, np.ones(len(is_refused)), groups)
    return find_refusal_p(float(is_refused.mean()) * n, n, refuse, n_units)
