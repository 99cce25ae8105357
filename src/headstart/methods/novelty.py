"""Fit the novelty test of a trained method, and measure it on the test photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo_groups import name_groups
from headstart.classifier.refusal import choose_refusal
from headstart.evaluation.intervals import bound_share
from headstart.head.novelty import fit_novelty
from headstart.methods.method_runner import TrainedMethod
from headstart.methods.split_metrics import SplitPredictions
from headstart.storage.large_arrays import join_rows


def fit_trained_novelty(trained: TrainedMethod) -> TrainedMethod:
    """Return the training with a novelty test on the last stage's features of the photos that the file is fitted to.

    Frozen features do not know the training photos, so that folds of them give the shares. Above a cut they do: the
    validation photos give the shares there. With too few photos there is no test.
    """
    table, spec, seed = trained.table, trained.backbone.spec, trained.settings.seed
    n_last = min(spec.stages[-1].n_channels, spec.n_features)

    def take(*splits: str) -> tuple[npt.NDArray[Any], list[str] | None]:
        parts = [table.splits[split] for split in splits if table.splits[split].photos]
        photos = [photo for part in parts for photo in part.photos]
        return join_rows(*(part.X for part in parts))[:, -n_last:], name_groups(photos)

    if trained.tuned is None:
        return replace(trained, novelty=fit_novelty(*take(*trained.fitted_on), seed=seed))
    if not table.splits["validation"].photos:
        return trained
    held, units = take("validation")
    return replace(trained, novelty=fit_novelty(*take("train"), held_out=held, held_out_units=units, seed=seed))


def measure_novelty(trained: TrainedMethod, predictions: Mapping[str, SplitPredictions]) -> dict[str, Any] | None:
    """Return ``novelty`` of metrics.json, or None if there is no test.

    ``n`` is the number of photos that measured the shares, ``refuse`` the share that is refused by default, or None.
    ``test`` has ``n``, ``n_refused``, ``refused`` and ``refused_ci95`` of the test photos; None without such photos, or
    if the test was fitted to them.
    """
    test = trained.novelty
    if test is None:
        return None
    refuse = choose_refusal(test.n_units)
    record: dict[str, Any] = {"n": test.n_units, "refuse": refuse, "test": None}
    rows = predictions["test"].features
    if refuse is not None and len(rows.y) and "test" not in trained.fitted_on:
        is_refused = test.measure(np.asarray(rows.X)[:, -len(test.mean) :]) <= refuse
        record["test"] = {
            "n": len(is_refused), "n_refused": int(is_refused.sum()), "refused": float(is_refused.mean()),
            "refused_ci95": bound_share(is_refused, np.ones(len(is_refused)), rows.groups),
        }  # fmt: skip
    return record
