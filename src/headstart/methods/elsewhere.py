"""The accuracy on photos of groups never seen, such as of another camera, beside that on new photos of known groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo
from headstart.catalog.split_units import join_units
from headstart.evaluation.group_measures import measure_groups
from headstart.evaluation.group_words import count_groups
from headstart.evaluation.intervals import bound_share
from headstart.evaluation.notes import Note
from headstart.evaluation.words import format_percent
from headstart.features.near_copies import CopyPair
from headstart.head.folds import make_folds
from headstart.head.regularisation import predict_folds
from headstart.methods.head_fitting import prepare_views, weigh_classes
from headstart.methods.out_of_fold import has_folds
from headstart.methods.trained_method import TrainedMethod
from headstart.process.progress import Progress, ignore_progress

MIN_GROUPS = 3  # with fewer, the groups' differences from each other say nothing
MIN_EFFECTIVE = 2.0  # groups of equal size that would vary as much: one group of 80% of the photos gives 1.5
MAX_LEFT_OUT = 20  # groups that are left out one by one; of more, folds of groups are
N_FOLDS = 10

Bools = npt.NDArray[np.bool_]


def judge_elsewhere(
    trained: TrainedMethod, pairs: Sequence[CopyPair] = (), progress: Progress = ignore_progress
) -> dict[str, Any] | None:
    """Judge heads like the trained one on photos of groups that they were fitted without.

    All photos with a group are judged twice: by a head that was fitted without the photo's group (``new``), and by one
    that was fitted to other photos of the group (``same``); copies and near copies of the photo are left out there,
    too. The strength is that of the trained head. `choose_strength` keeps groups together, so it suits new groups.
    ``pairs`` are the near copies. Photos with a copy in another group are not judged.

    Returns
    -------
    Plain JSON types for metrics.json. ``group_kind``; ``n_groups``; of the evaluated split ``n_evaluated_groups`` and
    ``n_seen``, ``n_unseen`` and ``n_without``, the photos whose group other splits have, have not, and those without a
    group; ``same`` and ``new``, each ``accuracy``, ``accuracy_ci95`` and ``n``, over the same photos; ``n_left_out``,
    the photos with a group that could not be judged; ``by_group``: the groups of 10 photos or more,
    the lowest accuracy first, each ``group``, ``n``, ``accuracy``, ``accuracy_ci95`` and ``accuracy_same``; ``worst``,
    the first of them or None; ``reason``: why there are no accuracies, or an empty text. None if no photo has a group.
    """
    table, kind = trained.table, trained.table.catalog.group_kind
    photos = [photo for split in table.splits.values() for photo in split.photos]
    groups = [photo.group for photo in photos]
    counts = Counter(group for group in groups if group is not None)
    if not counts:
        return None
    record: dict[str, Any] = {
        "group_kind": kind, "n_groups": len(counts), **_count_seen(trained), "same": None, "new": None,
        "n_left_out": 0, "by_group": [], "worst": None, "reason": _find_obstacle(trained, counts),
    }  # fmt: skip
    if record["reason"]:
        return record
    same, new, judged = _predict_both(trained, photos, groups, pairs, progress)
    left = Counter(groups[n] for n in np.flatnonzero(judged))
    if len(left) < MIN_GROUPS:
        record["reason"] = f"some classes have photos of one {kind} alone, so no head can learn them without it"
        return record
    names = np.array([group or "" for group in groups])[judged]
    is_same, is_new = same[judged], new[judged]
    copies = np.array(_name_copies(photos))[judged]
    record["same"] = _measure(is_same, copies)
    record["new"] = _measure(is_new, names)
    record["n_left_out"] = counts.total() - len(names)
    record["by_group"] = [
        row | {"accuracy_same": float(is_same[names == row["group"]].mean())}
        for row in measure_groups(names.tolist(), is_new)
    ]
    record["worst"] = next(iter(record["by_group"]), None)
    return record


def note_elsewhere(record: dict[str, Any] | None) -> list[Note]:
    """Return a note on why the accuracy on new groups is not told, or none."""
    if record is None or not record["reason"]:
        return []
    text = f"The accuracy on a {record['group_kind']} never seen cannot be told: {record['reason']}."
    return [Note("elsewhere", text)]


def _find_obstacle(trained: TrainedMethod, counts: Counter[str]) -> str:
    """Return why groups cannot be left out, or an empty text."""
    kind = trained.table.catalog.group_kind
    if len(counts) < MIN_GROUPS:
        return f"there are {count_groups(len(counts), kind)}, and {MIN_GROUPS} are needed"
    sizes = np.array(list(counts.values()), float)
    if sizes.sum() ** 2 / (sizes**2).sum() < MIN_EFFECTIVE:
        ((name, n),) = counts.most_common(1)
        return f"{format_percent(n / counts.total())} of the photos come from one {kind}, {name}"
    if not has_folds(trained):
        return f"it needs --method fixed with --head logistic, whose heads are fitted again without each {kind}"
    return ""


def _count_seen(trained: TrainedMethod) -> dict[str, int]:
    """Count the photos of the evaluated split by whether other splits have photos of their group."""
    splits = trained.table.splits
    evaluated = next((split for split in ("test", "validation") if splits[split].photos), None)
    if evaluated is None:
        return {"n_evaluated_groups": 0, "n_seen": 0, "n_unseen": 0, "n_without": 0}
    known = {photo.group for split, part in splits.items() if split != evaluated for photo in part.photos}
    groups = [photo.group for photo in splits[evaluated].photos]
    n_without = sum(group is None for group in groups)
    n_seen = sum(group is not None and group in known for group in groups)
    return {
        "n_evaluated_groups": len(set(groups) - {None}),
        "n_seen": n_seen, "n_unseen": len(groups) - n_seen - n_without, "n_without": n_without,
    }  # fmt: skip


def _name_copies(photos: Sequence[Photo]) -> list[str]:
    """Return a name for each photo, which its copies and near copies share."""
    units = join_units([replace(photo, group=None) for photo in photos], seed=0)
    names = {n: str(number) for number, unit in enumerate(units) for n in unit.members}
    return [names[n] for n in range(len(photos))]


def _predict_both(
    trained: TrainedMethod,
    photos: Sequence[Photo],
    groups: Sequence[str | None],
    pairs: Sequence[CopyPair],
    progress: Progress,
) -> tuple[Bools, Bools, Bools]:
    """Return (N,) whether each photo is right in folds that mix groups, and in folds of groups, and whether it counts.

    A photo counts if both heads know its class, and if no copy of it is in another group, where it would be a leak.
    """
    table, settings = trained.table, trained.settings
    assert trained.fitted.strength is not None  # noqa: S101  for the type checker
    joined = table.splits["train"].join(table.splits["validation"]).join(table.splits["test"])
    views, y = joined.views if table.n_averaged > 1 else joined.X[None], joined.y
    n_classes, copies = len(table.catalog.labels), _name_copies(photos)
    prepared, _ = prepare_views(
        views, y, n_classes, class_weight=weigh_classes(y, n_classes, trained.fitted.class_weight_rule, joined.weights),
        sample_weight=joined.weights, groups=copies, kind=trained.fitted.kind,
        standardisation=trained.fitted.standardisation,
    )  # fmt: skip
    has_group = np.array([group is not None for group in groups])
    apart = np.full(len(y), -1)
    apart[has_group] = _divide_groups(
        np.array([group or "" for group in groups])[has_group], y[has_group], settings.seed
    )
    n_folds = min(int(apart.max()) + 1, N_FOLDS)  # so that the heads of both are fitted to as many photos
    mixed = make_folds(y, n_folds=n_folds, seed=settings.seed, groups=np.array(copies))
    same, new = predict_folds(
        prepared, [np.tile(folds, len(views)) for folds in (mixed, apart)], strength=trained.fitted.strength,
        n_views=len(views), n_averaged=table.n_averaged, progress=progress,
    )  # fmt: skip
    is_alone = _find_alone(photos, copies, pairs)
    return same.is_right, new.is_right, is_alone & (same.fold >= 0) & (new.fold >= 0)


def _find_alone(photos: Sequence[Photo], copies: Sequence[str], pairs: Sequence[CopyPair]) -> Bools:
    """Return (N,) whether all copies of a photo are in its group.

    Near copies in two groups that the user named do not share a name in ``copies``. Only ``pairs`` tells them.
    """
    owners: dict[str, set[str | None]] = {}
    for photo, name in zip(photos, copies, strict=True):
        owners.setdefault(name, set()).add(photo.group)
    known = {photo.digest: (name, photo.group) for photo, name in zip(photos, copies, strict=True)}
    for pair in pairs:
        if pair.first in known and pair.second in known:  # photos that cannot be decoded are in no split
            (name, group), (other_name, other_group) = known[pair.first], known[pair.second]
            owners[name].add(other_group)
            owners[other_name].add(group)
    return np.array([len(owners[name]) == 1 for name in copies])


def _divide_groups(names: npt.NDArray[np.str_], y: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    _, numbers = np.unique(names, return_inverse=True)
    if numbers.max() < MAX_LEFT_OUT:
        return numbers.astype(np.int64)
    return make_folds(y, n_folds=N_FOLDS, seed=seed, groups=names)


def _measure(is_right: Bools, groups: npt.NDArray[np.str_]) -> dict[str, Any]:
    interval = [float(bound) for bound in bound_share(is_right, np.ones(len(is_right)), groups)]
    return {"accuracy": float(is_right.mean()), "accuracy_ci95": interval, "n": len(is_right)}
