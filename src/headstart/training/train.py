"""A whole training, from a catalog to a run folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from headstart.backbone.loading import Backbone, load_backbone
from headstart.catalog.scan import scan_photos
from headstart.catalog.table import Catalog
from headstart.classifier.build import build_classifier
from headstart.classifier.metadata import Metadata, shorten_digests
from headstart.errors import FitError, RunMovedError
from headstart.evaluation.artist import Artist
from headstart.evaluation.verdict import write_verdict
from headstart.features.extract import CompilingAhead
from headstart.progress import show_progress
from headstart.training.cross_validation import cross_validate
from headstart.training.fitting import FittedHead, fit_head
from headstart.training.judging import Judged, measure_split
from headstart.training.run import Run
from headstart.training.run_folder import check_outside, choose_folder, write_run_folder
from headstart.training.settings import Settings
from headstart.training.table import SPLITS, Table, build_table, open_cache
from headstart.training.writing import Outcome, begin_charts, write_run
from headstart.version import __version__


def train_classifier(
    photos: Catalog | str | Path,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    cache: bool = True,
    verbose: bool = True,
    say: Callable[[str], None] = lambda _: None,
    artist: Artist | None = None,
    **settings: Any,
) -> Run:
    """Train a classifier and write its run folder.

    Parameters
    ----------
    photos
        A catalog, or a folder or CSV to scan for one.
    out
        The run folder; default ``runs/NAME`` or, if that exists, ``runs/NAME-2`` and so on.
    overwrite
        Replace a run folder that exists already.
    cache
        Use the user's cache of features.
    verbose
        Show progress on stderr.
    say
        Called with sentences for the user, the verdict among them, as soon as they are known.
    artist
        Draws the charts; default: drawn in this process.
    settings
        The fields of `Settings`.

    Raises
    ------
    HeadstartError
        If the photos or the settings cannot be used, or the folder cannot be written.
    """
    try:
        chosen = Settings(**{name: _to_plain(value) for name, value in settings.items()})
    except TypeError as error:
        raise FitError(f"Cannot train: {str(error).split('() ')[-1]}.") from None
    chosen.check()
    source = photos.source if isinstance(photos, Catalog) else str(photos)
    folder = Path(out).expanduser() if out is not None else choose_folder(source)
    check_outside(folder, source)
    clock = _Clock()
    try:
        # the folder is claimed first: of two trainings begun together, the second then takes another name
        with write_run_folder(folder, is_replacing=overwrite) as partial:
            course = _Course(chosen, clock, verbose, cache, artist or Artist())
            try:
                outcome = course.run(photos, partial, say)
                write_run(partial, outcome, course.artist)
            except BaseException:
                course.artist.close()  # nobody may write into a folder that goes
                raise
    except RunMovedError as moved:
        if out is not None:
            raise
        folder = moved.folder
    return Run(folder)


def _to_plain(value: Any) -> Any:
    """Return a numpy number as Python's own: it goes into metrics.json."""
    return value.item() if hasattr(value, "item") else value


class _Clock:
    """Seconds by step of a training."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = self._last = time.perf_counter()

    def note(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = round(now - self._last, 3)
        self.seconds["total"] = round(now - self._started, 3)
        self._last = now


@dataclass
class _Course:
    """The steps of one training, from a catalog to what it found."""

    chosen: Settings
    clock: _Clock
    verbose: bool
    cache: bool
    artist: Artist

    def run(self, photos: Catalog | str | Path, folder: Path, say: Callable[[str], None]) -> Outcome:
        """Train, say the verdict, and return what is to be written; the charts are begun as soon as they can be."""
        chosen = self.chosen
        backbone = load_backbone(chosen.backbone)
        image_size = backbone.spec.check_image_size(chosen.image_size or backbone.spec.image_size)
        compiling = CompilingAhead(backbone, image_size, chosen.precision)
        catalog = photos if isinstance(photos, Catalog) else self._scan(photos)
        compiling.join()
        self.clock.note("scan")
        if chosen.precision == "int8":
            from headstart.features.calibrating import quantise_on_photos

            with show_progress("Quantising", is_shown=self.verbose, unit="steps") as progress:
                backbone = quantise_on_photos(catalog.select("train"), backbone, image_size, progress=progress)
            self.clock.note("quantise")
        table = self._extract(catalog, backbone, image_size)
        compiling.forget()
        self.clock.note("extract")
        fitted = _fit(table, chosen)
        self.clock.note("fit")
        judged = {
            split: Judged(table.splits[split], fitted.head.probabilities(table.splits[split].X)) for split in SPLITS
        }
        metrics = _describe(chosen, image_size, table, fitted)
        metrics |= {split: measure_split(judged[split], table.catalog.labels) for split in SPLITS}
        begin_charts(folder, metrics, fitted.history, self.artist)
        with ThreadPoolExecutor(1) as pool:
            model = pool.submit(_build, table, backbone, image_size, fitted, chosen)
            metrics["cross_validation"] = _cross_validate(table, fitted, chosen)
        self.clock.note("evaluate")
        metrics["seconds"] = self.clock.seconds
        say(write_verdict(metrics))
        return Outcome(table.catalog, metrics, fitted.history, judged, model.result(), self.clock.note)

    def _scan(self, source: str | Path) -> Catalog:
        with show_progress("Scanning", is_shown=self.verbose) as progress:
            return scan_photos(source, seed=self.chosen.seed, cache=self.cache, progress=progress)

    def _extract(self, catalog: Catalog, backbone: Backbone, image_size: int) -> Table:
        chosen = self.chosen
        with open_cache(self.cache) as store, show_progress("Extracting", is_shown=self.verbose) as progress:
            return build_table(
                catalog, backbone, image_size=image_size, precision=chosen.precision, n_views=chosen.n_views,
                seed=chosen.seed, cache=store, progress=progress,
            )  # fmt: skip


def _fit(table: Table, chosen: Settings) -> FittedHead:
    train, validation = table.splits["train"], table.splits["validation"]
    return fit_head(
        table.train_views, train.y, len(table.catalog.labels), kind=chosen.head, seed=chosen.seed,
        strength=chosen.strength, class_weight=chosen.class_weight, sample_weight=train.weights, groups=train.groups,
        epochs=chosen.epochs, validation=(validation.X, validation.y) if validation.photos else None,
    )  # fmt: skip


def _build(table: Table, backbone: Backbone, image_size: int, fitted: FittedHead, chosen: Settings) -> bytes:
    """Return the classifier file."""
    metadata = Metadata(
        labels=table.catalog.labels, image_size=image_size, spec=backbone.spec, precision=table.precision,
        method=chosen.method, cut="top", head=chosen.head, seed=chosen.seed, n_views=chosen.n_views,
        trained_on=shorten_digests(photo.digest for photo in table.splits["train"].photos),
    )  # fmt: skip
    return build_classifier(backbone, fitted.head.weights, fitted.head.bias, metadata)


def _cross_validate(table: Table, fitted: FittedHead, chosen: Settings) -> Any:
    """Cross-validate on everything but the test set: its photos are looked at once, at the end."""
    if fitted.strength is None:
        return None  # the tutorial's recipe has no strength to hold fixed, and ten epochs of it are not converged
    both = table.splits["train"].join(table.splits["validation"])
    return cross_validate(
        both.X, both.y, len(table.catalog.labels), strength=fitted.strength, seed=chosen.seed,
        class_weight=chosen.class_weight, sample_weight=both.weights, groups=both.groups,
    )  # fmt: skip


def _describe(chosen: Settings, image_size: int, table: Table, fitted: FittedHead) -> dict[str, Any]:
    """Return the part of metrics.json that says what was trained, on what and how."""
    labels = table.catalog.labels
    weights = None if fitted.class_weight is None else dict(zip(labels, map(float, fitted.class_weight), strict=True))
    notes = list(table.catalog.notes)
    if weights is not None and chosen.class_weight == "auto":
        notes.append("The classes are of unequal size: photos of rare classes counted more (balanced class weights).")
    if not fitted.is_converged:
        notes.append("The solver stopped before its optimum: the features are hard to separate at this strength.")
    if chosen.head == "adam":
        notes.append(
            f"The adam head is the recipe of the Keras tutorial: {chosen.epochs} epochs, whether it has converged by "
            "then or not, and no cross-validation."
        )
        if chosen.strength is not None:
            notes.append("The strength was not used: the adam head has none.")
    elif chosen.n_views > 1:
        notes.append("Cross-validation judged heads that were fitted to the photos as they are, without further views.")
    if chosen.head == "logistic" and chosen.epochs != Settings().epochs:
        notes.append("The number of epochs was not used: the logistic head is fitted until it has converged.")
    strength = None
    if fitted.strength is not None:
        rows = [] if fitted.choice is None else [asdict(row) for row in fitted.choice.table]
        strength = {"chosen": fitted.strength, "table": rows}
    return {
        "schema": 1,
        "headstart": __version__,
        "method": chosen.method,
        "cut": "top",
        "head": chosen.head,
        "backbone": chosen.backbone,
        "image_size": image_size,
        "precision": table.precision,
        "views": chosen.n_views,
        "classes": list(labels),
        "seed": chosen.seed,
        "split_seed": table.catalog.seed,
        "strength": strength,
        "class_weights": weights,
        "n_extracted": table.n_extracted,
        "n_cached": table.n_cached,
        "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in table.catalog.skipped],
        "notes": notes,
    }
