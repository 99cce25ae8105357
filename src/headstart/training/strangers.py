"""Measure a classifier on strangers: photos of nothing that it knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.hashing import hash_files
from headstart.catalog.photo_search import find_photos
from headstart.classifier.classifier import Classifier
from headstart.classifier.refusal import count_needed
from headstart.errors import CatalogError, ClassifierError
from headstart.evaluation.notes import Note
from headstart.evaluation.refusals import SHARES, measure_strangers
from headstart.process.progress import show_progress

N_EXAMPLES = 5


@dataclass(frozen=True)
class Strangers:
    """Photos of nothing that a classifier knows.

    Attributes
    ----------
    paths
        The photos.
    n_left_out
        Number of photos that were left out: the classifier was trained on them, or they are among the evaluated ones.
    notes
        Notes about the folders.
    """

    paths: list[Path]
    n_left_out: int
    notes: list[Note]


def find_strangers(
    model: Classifier, places: str | Path | Sequence[str | Path], own_digests: Collection[str]
) -> Strangers:
    """Find the photos of a folder of strangers, in all folders below it.

    Parameters
    ----------
    own_digests
        Digests of the evaluated photos.

    Raises
    ------
    ClassifierError
        If the classifier has no novelty test.
    CatalogError
        If there is no photo, or none that is left.
    """
    if model.metadata.n_novelty_photos is None:
        raise ClassifierError(
            "Cannot measure strangers: got a classifier that cannot tell how strange a photo is, because an earlier "
            "version wrote it or fewer than 19 photos measured it. Train it again with more photos."
        )
    listed = [places] if isinstance(places, str | Path) else list(places)
    if not listed:
        raise CatalogError("Cannot measure strangers: got no place, need a folder of photos.")
    notes: list[Note] = []
    paths = find_photos(listed, notes.append)
    known = set(own_digests)
    fresh = [
        path
        for path, found in zip(paths, hash_files(paths), strict=True)
        if found.digest is None or not (found.digest in known or model.metadata.has_seen(found.digest))
    ]
    if not fresh:
        names = ", ".join(f"'{place}'" for place in listed)
        raise CatalogError(
            f"Cannot measure strangers in {names}: the classifier was trained on all {len(paths):,} photos there, or "
            "they are among the evaluated photos. Give photos of nothing that it knows."
        )
    return Strangers(fresh, len(paths) - len(fresh), notes)


def evaluate_strangers(
    model: Classifier, strangers: Strangers, own: npt.NDArray[Any], share: float | None,
    groups: Sequence[str] | None, *, verbose: bool,
) -> dict[str, Any]:  # fmt: skip
    """Return ``unknown`` of `evaluate_classifier`: the record of `measure_strangers`, and what was accepted as what.

    Parameters
    ----------
    own
        (N,) novelties of the evaluated photos.
    share
        Share of own photos that may be refused. None: all strangers are accepted.

    Raises
    ------
    CatalogError
        If none of the photos can be decoded.
    """
    paths = strangers.paths
    novelties, labels, read, failures = [], list[str](), list[Path](), []
    with show_progress("Evaluating strangers", is_shown=verbose) as progress:
        for n_done, (path, answer) in enumerate(zip(paths, model.predict_iter(paths), strict=True), 1):
            if answer.error is None and answer.novelty is not None and answer.label is not None:
                novelties.append(answer.novelty)
                labels.append(answer.label)
                read.append(path)
            else:
                failures.append({"path": str(path), "reason": answer.error})
            progress(n_done, len(paths))
    if not read:
        first = failures[0]
        raise CatalogError(
            f"Cannot measure strangers: none of the {len(paths):,} photos can be decoded, such as '{first['path']}': "
            f"{first['reason']}.", path=first["path"],
        )  # fmt: skip
    n_units = model.metadata.n_novelty_photos or 0
    shares = {one for one in SHARES if n_units >= count_needed(one)} | ({share} if share else set())
    strange = np.array(novelties)
    accepted = np.flatnonzero(strange > (share or 0.0))
    by_novelty = accepted[np.argsort(-strange[accepted], kind="stable")]
    nearest = Counter(labels[n] for n in accepted).most_common()
    return {
        **measure_strangers(own, strange, sorted(shares), groups), "n_accepted": len(accepted),
        "nearest": [{"label": label, "n": n} for label, n in nearest],
        "examples": [
            {"path": str(read[n]), "label": labels[n], "novelty": float(strange[n])} for n in by_novelty[:N_EXAMPLES]
        ],
        "n_left_out": strangers.n_left_out, "skipped": failures,
    }  # fmt: skip
