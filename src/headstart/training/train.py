"""A whole training, from a catalog to a run folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbone.backbone import Backbone, BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS
from headstart.catalog.source import PhotoSource, Source, find_source, refuse_reading
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import FitError, RunError, RunMovedError
from headstart.evaluation.notes import Note, note_unused
from headstart.evaluation.repeats import write_repeats
from headstart.evaluation.verdict import write_verdict
from headstart.evaluation.working_points import say_working_points
from headstart.features.depth_notes import list_depth_notes, note_unused_depth
from headstart.features.extraction import BackgroundCompilation
from headstart.features.group_suggestions import suggest_groups
from headstart.methods.confidence import set_confidence
from headstart.methods.elsewhere import note_elsewhere
from headstart.methods.method_runner import MethodRunner
from headstart.methods.near_copy_metrics import measure_near_copies
from headstart.methods.near_copy_search import keep_near_copies_together
from headstart.methods.settings import Settings
from headstart.methods.split_metrics import SplitPredictions, measure_split
from headstart.methods.tail_tuning import choose_cut
from headstart.methods.training_context import TrainingContext
from headstart.methods.working_points import check_classes, choose_decision, describe_working_points
from headstart.process.progress import show_progress
from headstart.report.chart_process import ChartDrawer
from headstart.runs.run import Run
from headstart.runs.run_description import describe_training
from headstart.runs.run_files import RunContents, begin_charts, write_run
from headstart.runs.run_folder import check_outside, choose_folder, write_run_folder
from headstart.runs.run_notes import list_notes
from headstart.runs.run_pictures import list_training_views
from headstart.runs.run_record import TrainingRequest, describe_run
from headstart.runs.tracking import check_tracker, track_or_warn
from headstart.scale.ray_training import RayWorkers
from headstart.storage.remote_paths import RemotePath, make_path
from headstart.training.auto import choose_method
from headstart.training.drawn_splits import draw_asked_split
from headstart.training.judging import judge_trained
from headstart.training.preparation import load_catalog
from headstart.training.repeats import estimate_repeat, repeat_training
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.torch_import import limit_spinning

if TYPE_CHECKING:
    from headstart.scale.cluster import Cluster


def train_classifier(
    photos: Catalog | PhotoSource, *, out: str | Path | None = None, overwrite: bool = False, cache: bool = True,
    layout: str = "auto", track: str | None = None, ray: str | None = None, path_column: str | None = None,
    label_column: str | None = None, group_column: str | None = None, group_from: str | None = None,
    verbose: bool = True, say: Callable[[str], None] = lambda _: None, chart_drawer: ChartDrawer | None = None,
    command: Sequence[str] | None = None, **settings: Any,
) -> Run:  # fmt: skip
    """Train a classifier and write its run folder.

    Parameters
    ----------
    photos
        A catalog, or a source of photos as for `scan_photos`.
    out
        The run folder. Default: ``runs/NAME``, or ``runs/NAME-2`` and so on if it exists. The name of a table in
        memory is ``table``.
    overwrite
        Whether an existing run folder is replaced.
    cache
        Whether the user's cache is used.
    layout
        Which folders are the classes; see `scan_photos`.
    track
        Tracker that the finished run is sent to: ``mlflow`` or ``tensorboard``, as `Run.track`. If the tracker fails, a
        warning says how to send the run later.
    ray
        Ray cluster that computes features and trains above a cut: ``local`` for a new one on this machine, or an
        address.
    path_column, label_column, group_column
        Names of a table's columns. None: they are found by their names.
    group_from
        What gives the photos their groups; see `scan_photos`.
    verbose
        Whether progress is shown on stderr.
    say
        Function that is called with sentences for the user, such as the verdict, as soon as they are known.
    chart_drawer
        Object that draws the charts. Default: one that draws them in this process.
    command
        Words of the command line that asked for the training, which run.json keeps.
    settings
        Fields of `Settings`.

    Raises
    ------
    HeadstartError
        If the photos, the settings or the tracker cannot be used, or the folder cannot be written.
    """
    try:
        # numpy numbers become Python numbers, for metrics.json
        chosen = Settings(**{name: v.item() if hasattr(v, "item") else v for name, v in settings.items()})
    except TypeError as error:
        raise FitError(f"Cannot train: {str(error).split('() ')[-1]}.") from None
    asked, chosen = chosen, chosen.settle()
    chosen.check()
    if track is not None:
        check_tracker(track)
    if chosen.method != asked.method:
        say(f"Method: {chosen.method}, because the other options belong to it.")
    given: Catalog | Source
    columns = ColumnNames(path_column, label_column, group_column)
    if isinstance(photos, Catalog):
        refuse_reading(layout, columns, group_from)
        given, source = photos, photos.source
    else:  # before Ray is started for it
        given = find_source(photos, columns, layout=layout, group_from=group_from)
        source = given.name
    asking = {"photos": source, "out": out, "overwrite": overwrite, "cache": cache, "layout": layout, "track": track,
              "ray": ray, "path_column": path_column, "label_column": label_column,
              "group_column": group_column, "group_from": group_from}  # fmt: skip
    request = TrainingRequest(settings=asked, command=command, arguments=asking)
    folder = _choose_run_folder(out, source)
    check_outside(folder, source)
    limit_spinning()  # before a backbone imports torch, and before Ray starts with this environment
    clock, chart_drawer = _Clock(), chart_drawer or ChartDrawer()
    try:
        # The folder is claimed first. A second training that starts at the same time then takes another name.
        with write_run_folder(folder, is_replacing=overwrite) as partial, _connect(ray, verbose) as cluster:
            try:
                workers = RayWorkers(ray) if ray is not None else None
                context = TrainingContext(_load_setup(chosen), cache, verbose, cluster, workers)
                training = _Training(chosen, context, clock, chart_drawer, request, _list_unused(out, overwrite))
                contents = training.run(given, partial, say)
                write_run(partial, contents, chart_drawer)
            except BaseException:
                chart_drawer.close()  # it must not write into the folder, which is deleted now
                raise
        for checkpoint in training.checkpoints:
            checkpoint.delete()
    except RunMovedError as moved:
        if out is not None:
            raise
        folder = moved.folder
    run = Run(folder)
    if track is not None:
        track_or_warn(folder, track, say)
    return run


def _choose_run_folder(out: str | Path | None, source: str) -> Path:
    if out is not None and isinstance(make_path(out), RemotePath):
        text = f"Cannot write run '{out}': got a URI, need a folder on this machine. Give one, and copy it afterwards."
        raise RunError(text, path=out)
    return Path(out).expanduser() if out is not None else choose_folder(source)


def _list_unused(out: str | Path | None, overwrite: bool) -> list[Note]:
    if out is None and overwrite:
        return [note_unused("--overwrite", "without --out a run gets a new name, and no run is replaced")]
    return []


def _load_setup(settings: Settings) -> BackboneSetup:
    """Load the backbone of the settings. Check the cut and the image size."""
    backbone = load_backbone(settings.backbone)
    choose_cut(settings.method, settings.cut, backbone)
    image_size = backbone.spec.check_image_size(settings.image_size)
    return BackboneSetup(backbone, image_size, settings.precision, settings.depth)


@contextmanager
def _connect(address: str | None, verbose: bool) -> Iterator[Cluster | None]:
    if address is None:
        yield None
        return
    from headstart.scale.cluster import connect

    with connect(address, verbose=verbose) as cluster:
        yield cluster


class _Clock:
    """Seconds of each step of a training."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = self._last = time.perf_counter()

    def note(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = round(self.seconds.get(step, 0.0) + now - self._last, 3)
        self.seconds["total"] = round(now - self._started, 3)
        self._last = now


@dataclass(frozen=True)
class _Training:
    """The steps of one training, from a source of photos to the contents of the run folder."""

    settings: Settings
    context: TrainingContext
    clock: _Clock
    chart_drawer: ChartDrawer
    request: TrainingRequest
    notes: list[Note]  # on options, known before the training
    checkpoints: list[Checkpoint] = field(default_factory=list)  # of finished trainings

    def run(self, photos: Catalog | Source, folder: Path, say: Callable[[str], None]) -> RunContents:
        """Train, say the verdict, and return the contents of the run folder. Charts are begun as early as possible."""
        settings, context, setup = self.settings, self.context, self.context.setup
        compiling = BackgroundCompilation(setup)
        catalog, stored = load_catalog(photos, context, seed=settings.seed, say=say)
        catalog = draw_asked_split(catalog, settings)
        found = list_depth_notes(catalog.photos, setup.depth)
        if stored is None:  # photos of stored features may be gone
            found += note_unused_depth(catalog.photos, setup.depth) + suggest_groups(catalog)
        catalog = replace(catalog, notes=(*catalog.notes, *found))
        if settings.has_decision:
            check_classes(settings, catalog.labels)
        compiling.join()
        self.clock.note("scan")
        catalog, near_copies, fresh = keep_near_copies_together(catalog, context, settings, stored, self.clock.note)
        if setup.precision == "int8":
            context = replace(context, setup=replace(setup, backbone=self._quantise(catalog)))
            self.clock.note("quantise")
        runner = MethodRunner(catalog, context, stored, fresh, self.clock.note, self.checkpoints)
        record = None
        if settings.method == "auto":
            trained, record = choose_method(runner, settings, say)
            say(f"Method: {trained.settings.method}; {record['why']}.")
        else:
            trained = runner.run(settings)
        compiling.release()
        trained = set_confidence(trained.fit_again())
        self.clock.note("fit")
        chosen = None
        if settings.has_decision:
            with show_progress("Choosing the threshold", is_shown=context.verbose, unit="folds") as progress:
                chosen = choose_decision(trained, progress)
        table, fitted = trained.table, trained.fitted
        predictions = {
            split: SplitPredictions(
                table.splits[split], trained.choose_head(split).probabilities(table.splits[split].X)
            )
            for split in SPLITS
        }
        tried = {trial["method"] for trial in record["tried"]} if record else ()
        notes = [*list_notes(trained, settings, tried), *self.notes, *(chosen.notes if chosen else ())]
        metrics = describe_training(trained, notes) | {"auto": record}
        metrics |= {split: measure_split(predictions[split], table.catalog.labels) for split in SPLITS}
        metrics["near_copies"] = measure_near_copies(near_copies, predictions, table.catalog.labels)
        metrics["repeats"] = None
        if settings.repeats > 1:
            self.clock.note("evaluate")
            seconds = estimate_repeat(trained, record, self.clock.seconds)
            metrics["repeats"] = repeat_training(runner, trained, settings.repeats, seconds=seconds, say=say)
            self.clock.note("repeat")
        metrics["working_points"] = describe_working_points(chosen, predictions["test"]) if chosen else []
        begin_charts(folder, metrics, fitted.history, self.chart_drawer)
        with ThreadPoolExecutor(1) as pool:
            model = pool.submit(trained.build_file, chosen.decision if chosen else None)
            with show_progress("Cross-validating", is_shown=context.verbose, unit="folds") as progress:
                metrics |= judge_trained(trained, progress)
        notes += (unjudged := note_elsewhere(metrics["elsewhere"]))
        metrics["notes"] += [note.text for note in unjudged]
        self.clock.note("evaluate")
        metrics["seconds"] = self.clock.seconds
        say(write_verdict(metrics))
        if metrics["repeats"] is not None:
            say(write_repeats(metrics["repeats"]))
        for text in say_working_points(metrics["working_points"]):
            say(text)
        return RunContents(
            catalog=table.catalog, metrics=metrics, history=fitted.history, predictions=predictions,
            record=describe_run(self.request, trained, model.result(), predictions),
            notes=notes, model=model.result(), note_time=self.clock.note,
            near_copies=near_copies,
            views=list_training_views(trained), n_symmetric=trained.tuned.n_symmetric if trained.tuned else 1,
        )  # fmt: skip

    def _quantise(self, catalog: Catalog) -> Backbone:
        from headstart.features.calibration_photos import quantise_on_photos

        setup = self.context.setup
        with show_progress("Quantising", is_shown=self.context.verbose, unit="steps") as progress:
            backbone, _ = quantise_on_photos(
                catalog.select("train"), setup.backbone, setup.image_size, depth=setup.depth, progress=progress
            )
            return backbone
