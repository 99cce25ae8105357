"""Compare two runs: photos, labels, splits, settings, versions, figures and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headstart.evaluation.mcnemar import mcnemar_p
from headstart.runs.run import Run
from headstart.runs.run_side import RunSide, read_side

FACTS = ("label", "split", "group", "weight")  # of a photo, compared one by one
FIGURES = ("test", "cross_validation", "validation", "train")
REFUSED = ("test", "strangers")
SIGNIFICANT = 0.05  # p-values below are more than chance


def diff_runs(before: Run | str | Path, after: Run | str | Path) -> dict[str, Any]:
    """Say what differs between two runs. Photos are matched by their content, and may have other names.

    Parameters
    ----------
    before, after
        Two runs, or their folders. If one has no run.json, the settings in metrics.json are compared.

    Returns
    -------
    Plain JSON types:

    ``photos``: ``n`` of both, ``n_shared``, and the paths that were ``added`` and ``removed``.
    ``labels``, ``splits``, ``groups``, ``weights``: shared photos with another one: ``path``, ``before``, ``after``.
    ``settings``, ``versions``, ``machine``: both values of each that differs. ``without_record``: folders without a
    run.json, as of earlier versions; then versions and machines are not compared, and few settings.
    ``working_points``: by class, both ``threshold`` and ``costs``, where they differ.
    ``figures``: by split, both ``accuracy``, ``accuracy_ci95`` and ``n``.
    ``refused``: by ``test`` and ``strangers``, both ``refused``, ``refused_ci95``, ``n`` and ``refuse``, the share of
    own photos that may be refused; None for a run that refuses none. Left out where neither run refuses.
    ``comparison``: on the test photos of both runs with the same label: ``n``, ``n_only_before`` and ``n_only_after``
    (photos on which only one run is right), ``p`` of McNemar's exact test, and ``is_more_than_chance``. None if there
    are no such photos. ``is_decided``: a run has a working point, and its answers are those by the working point.
    ``answers``: shared photos with another answer: ``path``, ``label``, ``splits``, ``before``, ``after``; the test
    photos of both runs come first. ``n_answered``: shared photos with answers of both runs.

    Raises
    ------
    RunError
        If a folder is no run, or one of its files is damaged.
    """
    old, new = read_side(before), read_side(after)
    is_recorded = old.record is not None and new.record is not None  # else only what both have can be compared
    shared = [digest for digest in old.photos if digest in new.photos]
    answered = [digest for digest in shared if digest in old.answers and digest in new.answers]
    return {
        "runs": [str(old.folder), str(new.folder)],
        "photos": {
            "n": [old.counts.total(), new.counts.total()], "n_shared": (old.counts & new.counts).total(),
            "added": [photo.file for digest, photo in new.photos.items() if digest not in old.photos],
            "removed": [photo.file for digest, photo in old.photos.items() if digest not in new.photos],
        },
        **{f"{fact}s": _list_changes(old, new, shared, fact) for fact in FACTS},
        "settings": _list_differences(old.list_settings(is_recorded), new.list_settings(is_recorded)),
        "working_points": _list_differences(old.working_points, new.working_points),
        "versions": _list_differences(old.versions, new.versions) if is_recorded else {},
        "machine": _list_differences(old.machine, new.machine) if is_recorded else {},
        "without_record": [str(side.folder) for side in (old, new) if side.record is None],
        "figures": {
            name: [_take_figures(side.metrics.get(name)) for side in (old, new)]
            for name in FIGURES
            if old.metrics.get(name) or new.metrics.get(name)
        },
        "refused": {
            name: sides for name in REFUSED
            if any(sides := [_take_refused(side.metrics.get("novelty"), name) for side in (old, new)])
        },
        "comparison": compare_sides(old, new, answered),
        "n_answered": len(answered),
        "answers": list_other_answers(old, new, answered),
    }  # fmt: skip


def _list_changes(old: RunSide, new: RunSide, shared: list[str], fact: str) -> list[dict[str, Any]]:
    pairs = ((digest, getattr(old.photos[digest], fact), getattr(new.photos[digest], fact)) for digest in shared)
    changes = [
        {"path": new.photos[digest].file, "before": before, "after": after}
        for digest, before, after in pairs
        if before != after
    ]
    return sorted(changes, key=lambda change: change["path"])


def _list_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = dict.fromkeys([*old, *new])
    return {name: [old.get(name), new.get(name)] for name in names if old.get(name) != new.get(name)}


def _take_figures(measured: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not measured or measured.get("accuracy") is None:
        return None
    return {name: measured.get(name) for name in ("accuracy", "accuracy_ci95", "n", "loss")}


def _take_refused(record: Mapping[str, Any] | None, name: str) -> dict[str, Any] | None:
    counted = (record or {}).get(name)
    if not record or not counted:
        return None
    return {**{key: counted[key] for key in ("refused", "refused_ci95", "n")}, "refuse": record["refuse"]}


def compare_sides(old: RunSide, new: RunSide, answered: Sequence[str]) -> dict[str, Any] | None:
    """Return the record ``comparison`` of `diff_runs` for photos that both runs answered."""
    tested = [
        digest
        for digest in answered
        if old.photos[digest].split == new.photos[digest].split == "test"
        and old.photos[digest].label == new.photos[digest].label
    ]
    if not tested:
        return None
    right = [[side.answers[digest].label == side.photos[digest].label for digest in tested] for side in (old, new)]
    n_before = sum(was and not now for was, now in zip(*right, strict=True))
    n_after = sum(now and not was for was, now in zip(*right, strict=True))
    p = mcnemar_p(n_before, n_after)
    return {
        "n": len(tested), "accuracy": [sum(side) / len(tested) for side in right], "n_only_before": n_before,
        "n_only_after": n_after, "p": p, "is_more_than_chance": p < SIGNIFICANT,
        "is_decided": bool(old.working_points or new.working_points),
    }  # fmt: skip


def list_other_answers(old: RunSide, new: RunSide, answered: Sequence[str]) -> list[dict[str, Any]]:
    """Return the record ``answers`` of `diff_runs` for photos that both runs answered."""
    rows = [
        {
            "path": new.photos[digest].file, "label": new.photos[digest].label,
            "splits": [side.photos[digest].split for side in (old, new)],
            "before": old.answers[digest].label, "after": new.answers[digest].label,
        }
        for digest in answered
        if old.answers[digest].label != new.answers[digest].label
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["splits"] != ["test", "test"], "test" not in row["splits"], row["path"]))


def write_diff(found: Mapping[str, Any]) -> str:
    """Say on how many test photos only one of two runs is right, and whether that is more than chance."""
    compared = found["comparison"]
    if compared is None:
        return "No photo is a test photo of both runs, so their accuracies are of different photos."
    n_before, n_after, n = compared["n_only_before"], compared["n_only_after"], compared["n"]
    if not n_before + n_after:
        return f"On the {n:,} test photos of both runs, both are right on the same photos."
    verdict = "this is more than chance" if compared["is_more_than_chance"] else "this may be chance"
    answers = "By the answers of the working points, of" if compared.get("is_decided") else "Of"
    return (
        f"{answers} the {n:,} test photos of both runs, only the second run is right on {n_after:,}, and only the "
        f"first on {n_before:,}: {verdict} (McNemar's exact test, p = {compared['p']:.2g})."
    )
