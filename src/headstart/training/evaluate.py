"""Evaluate a classifier on labelled photos that it was not trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.catalog import Catalog
from headstart.catalog.classes import describe_unknown_labels
from headstart.catalog.photo import SPLITS, Photo, digest_photos
from headstart.catalog.photo_groups import name_groups
from headstart.catalog.scan import scan_labelled
from headstart.catalog.source import PhotoSource, find_source, refuse_reading
from headstart.catalog.table_columns import ColumnNames
from headstart.classifier.classifier import Classifier, HasFolder, load_classifier
from headstart.classifier.refusal import AUTO, Refuse, settle_refusal
from headstart.errors import CatalogError
from headstart.evaluation.group_measures import measure_groups
from headstart.evaluation.metrics import evaluate_probabilities
from headstart.evaluation.refusals import measure_refused
from headstart.features.depth_notes import list_depth_notes
from headstart.methods.working_points import measure_decision
from headstart.pixels.damage import note_damage
from headstart.process.progress import show_progress
from headstart.runs.report_comparison import compare_with_report, find_run_metrics
from headstart.training.strangers import evaluate_strangers, find_strangers

SPLIT_CHOICES = ("auto", *SPLITS, "all")


def evaluate_classifier(
    model: Classifier | HasFolder | str | Path, photos: Catalog | PhotoSource, *, split: str = "auto",
    layout: str = "auto", path_column: str | None = None, label_column: str | None = None,
    group_column: str | None = None, group_from: str | None = None, verbose: bool = True,
    report: HasFolder | str | Path | None = None, refuse: Refuse = AUTO,
    unknown: str | Path | Sequence[str | Path] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Evaluate a classifier on labelled photos.

    Three kinds of photos are left out and counted: training photos of the classifier (known by their bytes, not their
    path), photos with a label that it does not know, and photos that cannot be read. Labels are matched by name.
    Photos of one group, and identical photos, widen the intervals.

    Parameters
    ----------
    model
        A classifier, a run, or the path of one of them.
    photos
        A catalog, or a source of photos as for `scan_photos`.
    split
        Split to evaluate on: ``train``, ``validation``, ``test`` or ``all``. ``auto``: the test photos if there are
        any, otherwise all.
    layout
        Which folders are the classes; see `scan_photos`.
    path_column, label_column, group_column
        Names of a table's columns. None: they are found by their names.
    group_from
        What gives the photos their groups; see `scan_photos`.
    report
        Run whose report the figures are compared with, or the path of its folder or classifier. Default: that of
        ``model``, unless it is a `Classifier`.
    refuse
        Share of the classifier's own photos that may be refused; see `Classifier`. ``auto``: for a `Classifier`, its
        own share.
    unknown
        A folder, or a list of folders, files and globs, with photos of nothing that the classifier knows.

    Returns
    -------
    Plain JSON types: the metrics of `evaluate_probabilities`, and ``split``, ``n_seen``, ``unknown_labels``,
    ``skipped``, ``notes`` (texts) and ``note_records``. ``n_seen`` is the number of training photos left out.
    ``by_group`` has the accuracy on each group, as `measure_groups` returns it.
    ``photos_digest`` is a digest of the evaluated photos, and ``comparison`` says whether the figures agree with the
    report's. ``working_points`` has a record for each class that the classifier's decision is about (see
    `measure_decision`); all other measures are those of the most probable class, without refusal. ``refusal`` is the
    record of `measure_refused`, or None if no photo is refused. ``unknown`` is that of `measure_strangers`, with the
    number of accepted strangers ``n_accepted``, their ``nearest`` classes, the ``examples`` that are least strange,
    ``skipped``, and the number ``n_left_out`` of photos that are its own; None without ``unknown``.

    Raises
    ------
    CatalogError
        If no photo is left to evaluate on.
    """
    if split not in SPLIT_CHOICES:
        raise CatalogError(f"Cannot evaluate on a split: got {split!r}, need one of {', '.join(SPLIT_CHOICES)}.")
    place = model if report is None and not isinstance(model, Classifier) else report
    if not isinstance(model, Classifier):
        model = load_classifier(model, refuse=refuse)
    photos = _scan(photos, ColumnNames(path_column, label_column, group_column), layout, group_from, verbose)
    n_units = model.metadata.n_novelty_photos
    share = model.rules.refused_share if refuse == AUTO else settle_refusal(refuse, n_units)
    if split == "auto":
        split = "test" if photos.select("test") else "all"
    chosen = [photo for photo in photos.photos if split in ("all", photo.split)]
    fresh = [photo for photo in chosen if not model.metadata.has_seen(photo.digest)]
    known = [photo for photo in fresh if photo.label in model.labels]
    other = Counter(photo.label for photo in fresh if photo.label not in model.labels)
    if not known:
        text = _explain_no_photos(model.labels, split, n_chosen=len(chosen), n_fresh=len(fresh), unknown=other)
        raise CatalogError(f"Cannot evaluate on '{photos.source}': {text}", path=photos.source)
    strangers = None if unknown is None else find_strangers(model, unknown, {photo.digest for photo in known})
    judged = _judge(model, known, verbose)
    notes = [*photos.notes, *note_damage(judged.damaged), *list_depth_notes(known, model.metadata.depth)]
    notes += [] if strangers is None else strangers.notes
    if not judged.photos:
        first = judged.failures[0]
        text = f"none of its {len(known)} photos can be decoded, such as '{first['path']}': {first['reason']}."
        raise CatalogError(f"Cannot evaluate on '{photos.source}': {text}", path=photos.source)
    evaluated = {
        "schema": 1, "data": photos.source, "split": split, "precision": model.precision, "classes": list(model.labels),
        **_measure(model, judged, share), "photos_digest": digest_photos(judged.photos),
        "unknown": None if strangers is None else evaluate_strangers(
            model, strangers, np.array(judged.novelties), share, name_groups(judged.photos), verbose=verbose
        ),
        "n_seen": len(chosen) - len(fresh), "unknown_labels": dict(other),
        "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in photos.skipped] + judged.failures,
        "notes": [note.text for note in notes],
        "note_records": [note.to_record() for note in notes],
    }  # fmt: skip
    reported = None if place is None else find_run_metrics(_find_place(place))
    return evaluated | {"comparison": compare_with_report(evaluated, reported) if reported else ""}


def _scan(
    photos: Catalog | PhotoSource, columns: ColumnNames, layout: str, group_from: str | None, verbose: bool
) -> Catalog:
    if isinstance(photos, Catalog):
        refuse_reading(layout, columns, group_from)
        return photos
    with show_progress("Scanning", is_shown=verbose) as progress:
        source = find_source(photos, columns, layout=layout, group_from=group_from)
        return scan_labelled(source, progress=progress)


def _find_place(place: HasFolder | str | Path) -> Path:
    return Path(place if isinstance(place, str | Path) else place.folder)


def _explain_no_photos(labels: Sequence[str], split: str, *, n_chosen: int, n_fresh: int, unknown: Counter[str]) -> str:
    """Say why none of the ``n_chosen`` photos of a split can be used. Of these, ``n_fresh`` are no training photos."""
    of_split = "" if split == "all" else f" in its {split} split"
    if not n_chosen:
        hint = "Try --split all, or give the catalog.csv of the run, which names the splits of its photos."
        return f"it has no photos{of_split}. {hint}"
    if not n_fresh:
        return (
            f"the classifier was trained on all of its {n_chosen:,} photos{of_split}. Give photos that are not among "
            "its training photos."
        )
    unknown_labels = "; ".join(describe_unknown_labels(dict(sorted(unknown.items())), labels))
    return (
        f"the classifier does not know its labels: {unknown_labels}. It knows {', '.join(labels)}. Give the class "
        "folders exactly these names."
    )


@dataclass
class _Judged:
    """The photos that could be read, their classes, probabilities and novelties; failures and reasons of damage."""

    photos: list[Photo] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    rows: list[npt.NDArray[np.float32]] = field(default_factory=list)
    novelties: list[float | None] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)
    damaged: dict[Path, str] = field(default_factory=dict)


def _judge(model: Classifier, photos: Sequence[Photo], verbose: bool) -> _Judged:
    judged = _Judged()
    numbers = {label: number for number, label in enumerate(model.labels)}
    with show_progress("Evaluating", is_shown=verbose) as progress:
        answers = model.predict_iter(photo.path for photo in photos)
        for n_done, (photo, answer) in enumerate(zip(photos, answers, strict=True), 1):
            if answer.error is None:
                judged.y.append(numbers[photo.label])
                judged.photos.append(photo)
                judged.rows.append(np.array([answer.probabilities[label] for label in model.labels], np.float32))
                judged.novelties.append(answer.novelty)
            else:
                judged.failures.append({"path": str(photo.path), "reason": answer.error})
            if answer.warning is not None:
                judged.damaged[photo.path] = answer.warning
            progress(n_done, len(photos))
    return judged


def _measure(model: Classifier, judged: _Judged, share: float | None) -> dict[str, Any]:
    truth, probabilities, groups = np.array(judged.y), np.array(judged.rows), name_groups(judged.photos)
    metrics = evaluate_probabilities(truth, probabilities, model.labels, groups=groups)
    decision = model.metadata.decision
    points = [] if decision is None else measure_decision(decision, model.labels, truth, probabilities, groups)
    is_right = probabilities.argmax(axis=1) == truth
    by_group = measure_groups([photo.group for photo in judged.photos], is_right)
    refusal = None if share is None else measure_refused(np.array(judged.novelties), share, is_right, groups)
    return metrics | {"working_points": points, "by_group": by_group, "refusal": refusal}
