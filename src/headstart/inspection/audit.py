"""Audit labelled photos: find wrong labels, copies, poor photos, shortcuts and trouble with classes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headstart.backbone.loading import open_setup
from headstart.backbone.names import Sizes
from headstart.catalog.catalog import Catalog
from headstart.catalog.scan import scan_for_audit
from headstart.catalog.source import PhotoSource, find_source, refuse_reading, refuse_several
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import RunError, RunMovedError
from headstart.evaluation.notes import sort_notes
from headstart.inspection.audit_folder import write_audit
from headstart.inspection.audit_result import Audit
from headstart.inspection.audit_text import summarise
from headstart.inspection.detectors import find_problems
from headstart.inspection.gathering import forget_drawn_splits, gather_photos
from headstart.methods.settings import Settings
from headstart.methods.training_context import TrainingContext
from headstart.process.progress import show_progress
from headstart.runs.run_folder import AUDIT, check_outside, choose_folder, name_source, write_run_folder
from headstart.storage.remote_paths import RemotePath, make_path
from headstart.tune.torch_import import limit_spinning


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """How an audit computes.

    Attributes
    ----------
    backbone, image_size, depth, seed
        As the fields of `Settings`.
    cache
        Whether the user's cache is used.
    verbose
        Whether progress is shown on stderr.
    """

    backbone: str = "mobilenet_v2"
    image_size: Sizes = None
    depth: int = 16
    seed: int = 0
    cache: bool = True
    verbose: bool = True


def audit_photos(
    photos: Catalog | PhotoSource, *, out: str | Path | None = None, overwrite: bool = False,
    backbone: str = "mobilenet_v2", image_size: Sizes = None, depth: int = 16, seed: int = 0,
    layout: str = "auto", cache: bool = True, path_column: str | None = None, label_column: str | None = None,
    group_column: str | None = None, group_from: str | None = None, verbose: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Audit:  # fmt: skip
    """Audit labelled photos, and write an audit folder with a page to look at the findings.

    Findings are ordered by what it should gain to correct them. The list is a ranking for a person to look at: nothing
    is changed, moved or deleted. The features are cached for the next audit.

    Parameters
    ----------
    photos
        A source of photos as for `scan_photos`, or a catalog. From a catalog, copies and photos with conflicting labels
        are missing: `scan_photos` has left them out.
    out
        The audit folder. Default: ``audits/NAME``, or ``audits/NAME-2`` and so on if it exists and is not replaced.
    overwrite
        Whether an existing audit folder is replaced: ``out``, or ``audits/NAME``.
    backbone, image_size, depth
        Network whose features are compared, its input size in pixels, and bits of 16-bit files, as for
        `train_classifier`.
    seed
        Seed of the photos that others are compared with, if there are more than 1,500.
    layout
        Which folders are the classes; see `scan_photos`.
    cache
        Whether the user's cache is used.
    path_column, label_column, group_column
        Names of a table's columns. None: they are found by their names.
    group_from
        What gives the photos their groups; see `scan_photos`. A photo is never judged by photos of its group.
    verbose
        Whether progress is shown on stderr.
    say
        Function that is called with sentences for the user.

    Raises
    ------
    HeadstartError
        If the photos cannot be used, or the folder cannot be written.
    """
    started = time.perf_counter()
    options = AuditOptions(
        backbone=backbone, image_size=image_size, depth=depth, seed=seed, cache=cache, verbose=verbose
    )
    columns = ColumnNames(path_column, label_column, group_column)
    if isinstance(photos, Catalog):
        refuse_reading(layout, columns, group_from)
        source = photos.source
    else:
        photos = find_source(photos, columns, layout=layout, group_from=group_from)
        refuse_several(photos, "audit")
        source = photos.name
    if out is not None and isinstance(make_path(out), RemotePath):
        text = (
            f"Cannot write audit '{out}': got a URI, need a folder on this machine. Give one, and copy it afterwards."
        )
        raise RunError(text, path=out)
    folder = Path(out).expanduser() if out is not None else _choose_folder(source, is_replacing=overwrite)
    check_outside(folder, source, what="audit")
    try:
        with write_run_folder(folder, is_replacing=overwrite, kind=AUDIT) as partial:
            catalog = photos if isinstance(photos, Catalog) else scan(photos, options)
            audit = inspect_catalog(catalog, options, say, folder=partial, started=started)
    except RunMovedError as moved:
        if out is not None:
            raise
        folder = moved.folder
    return audit.in_folder(folder)


def _choose_folder(source: str, *, is_replacing: bool) -> Path:
    return AUDIT.place / name_source(source, AUDIT) if is_replacing else choose_folder(source, AUDIT)


def scan(source: PhotoSource, options: AuditOptions) -> Catalog:
    """Scan a source for an audit, with a progress bar."""
    with show_progress("Scanning", is_shown=options.verbose) as progress:
        return scan_for_audit(source, cache=options.cache, progress=progress)


def open_context(options: AuditOptions) -> tuple[TrainingContext, Settings]:
    """Return how an audit computes: the backbone with the cache, and the settings, of which it needs few."""
    limit_spinning()  # before a backbone imports torch
    setup = open_setup(options.backbone, options.image_size, depth=options.depth)
    settings = Settings(
        method="fixed", features="all", backbone=options.backbone, image_size=options.image_size, depth=options.depth,
        seed=options.seed,
    )  # fmt: skip
    settings.check()
    return TrainingContext(setup, options.cache, options.verbose), settings


def inspect_catalog(
    catalog: Catalog, options: AuditOptions, say: Callable[[str], None] = lambda _: None, *,
    folder: Path | None = None, started: float | None = None,
) -> Audit:  # fmt: skip
    """Find what is wrong with the photos of a catalog, and write the files of an audit into a folder if one is given.

    Raises
    ------
    HeadstartError
        If the photos cannot be used.
    """
    started = time.perf_counter() if started is None else started
    context, settings = open_context(options)
    photo_set, said = gather_photos(forget_drawn_splits(catalog), context, settings)
    found = find_problems(photo_set, seed=options.seed, verbose=options.verbose)
    audit = Audit(
        findings=found.findings, catalog=photo_set.catalog, curve=found.curve,
        notes=tuple(sort_notes([*photo_set.catalog.notes, *said, *found.notes])),
        seconds=time.perf_counter() - started,
    )  # fmt: skip
    for sentence in summarise(audit.catalog, len(audit.findings)):
        say(sentence)
    if folder is not None:
        return write_audit(folder, audit, photo_set, context, started=started)
    return audit
