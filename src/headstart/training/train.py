"""A whole training, from a catalog to a run folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import open_setup
from headstart.catalog.catalog import Catalog
from headstart.catalog.source import PhotoSource, Source, find_source, refuse_reading, refuse_several
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import FitError, RunError, RunMovedError
from headstart.evaluation.notes import Note, note_unused
from headstart.methods.settings import Settings
from headstart.methods.tail_tuning import choose_cut
from headstart.methods.training_context import TrainingContext
from headstart.report.chart_process import ChartDrawer
from headstart.runs.run import Run
from headstart.runs.run_files import write_run
from headstart.runs.run_folder import check_outside, choose_folder, drop_number, write_run_folder
from headstart.runs.run_record import TrainingRequest
from headstart.runs.tracking import check_tracker, track_or_warn
from headstart.scale.ray_training import RayWorkers
from headstart.storage.remote_paths import RemotePath, make_path
from headstart.training.grown_run import ForgetLists, GrownRun, explain_run, is_run_folder, open_grown_run
from headstart.training.training_steps import Clock, Training
from headstart.tune.torch_import import limit_spinning

if TYPE_CHECKING:
    from headstart.scale.cluster import Cluster


def train_classifier(
    photos: Catalog | PhotoSource | Run, *, add: PhotoSource | None = None, forget: ForgetLists | None = None,
    out: str | Path | None = None, overwrite: bool = False, cache: bool = True,
    layout: str = "auto", track: str | None = None, ray: str | None = None, path_column: str | None = None,
    label_column: str | None = None, group_column: str | None = None, group_from: str | None = None,
    verbose: bool = True, say: Callable[[str], None] = lambda _: None, chart_drawer: ChartDrawer | None = None,
    command: Sequence[str] | None = None, **settings: Any,
) -> Run:  # fmt: skip
    """Train a classifier and write its run folder.

    Parameters
    ----------
    photos
        A catalog, or a source of photos as for `scan_photos`. With ``add`` or ``forget`` a run, or its folder: its
        photos, in their splits, and its settings are taken, except for the settings that are given.
    add
        Source of photos to add to those of the run, or a list of sources.
    forget
        Photos of the run to leave out: a text file with a path or a SHA-256 on each line, a CSV with a column ``path``
        or ``digest``, the path of a photo, a SHA-256, or a list of these.
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
    columns = ColumnNames(path_column, label_column, group_column)
    settings = _make_plain(settings)
    grown = None
    if add is not None or forget is not None:
        grown = open_grown_run(
            photos, add, forget, settings, columns, layout=layout, group_from=group_from, cache=cache
        )
    asked = _make_settings(settings) if grown is None else grown.settings
    chosen = asked.settle()
    chosen.check()
    if track is not None:
        check_tracker(track)
    if chosen.method != asked.method:
        say(f"Method: {chosen.method}, because the other options belong to it.")
    given, sources = _find_given(grown or photos, columns, layout, group_from, ray)
    asking = {"photos": _name_photos(given, sources), "add": _name_added(given), "forget": forget, "out": out,
              "overwrite": overwrite, "cache": cache, "layout": layout, "track": track, "ray": ray,
              "path_column": path_column, "label_column": label_column, "group_column": group_column,
              "group_from": group_from}  # fmt: skip
    request = TrainingRequest(settings=asked, command=command, arguments=asking)
    folder = _choose_run_folder(out, sources, grown)
    if grown is not None:
        grown.check_apart(folder)
    limit_spinning()  # before a backbone imports torch, and before Ray starts with this environment
    clock, chart_drawer = Clock(), chart_drawer or ChartDrawer()
    try:
        # The folder is claimed first. A second training that starts at the same time then takes another name.
        with write_run_folder(folder, is_replacing=overwrite) as partial, _connect(ray, verbose) as cluster:
            try:
                workers = RayWorkers(ray) if ray is not None else None
                context = TrainingContext(_load_setup(chosen), cache, verbose, cluster, workers)
                training = Training(
                    chosen, context, clock, chart_drawer, request, _list_unused(out, overwrite), folder / "catalog.csv"
                )
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


def _make_plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings with Python numbers in place of numpy's, for metrics.json."""
    return {name: value.item() if hasattr(value, "item") else value for name, value in settings.items()}


def _make_settings(given: dict[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except TypeError as error:
        raise FitError(f"Cannot train: {str(error).split('() ')[-1]}.") from None


def _find_given(
    photos: Catalog | PhotoSource | Run | GrownRun, columns: ColumnNames, layout: str, group_from: str | None,
    ray: str | None,
) -> tuple[Catalog | Source | GrownRun, tuple[str, ...]]:  # fmt: skip
    """Return the catalog, or the source, whose kind is known before Ray is started for it; and the names of sources."""
    if isinstance(photos, GrownRun):
        return photos, photos.sources
    if isinstance(photos, Catalog):
        refuse_reading(layout, columns, group_from)
        return photos, photos.sources or (photos.source,)
    for one in photos if isinstance(photos, list) else [photos]:
        if is_run_folder(one):
            raise RunError(explain_run(one))
    assert not isinstance(photos, Run)  # noqa: S101  for the type checker: it was refused
    source = find_source(photos, columns, layout=layout, group_from=group_from)
    if ray is not None:
        refuse_several(source, "train on a Ray cluster on")
    return source, source.names or (source.name,)


def _name_photos(given: Catalog | Source | GrownRun, sources: tuple[str, ...]) -> str | Path | tuple[str, ...]:
    """Return what run.json says was trained on."""
    if isinstance(given, GrownRun):
        return given.side.folder
    return sources[0] if len(sources) == 1 else sources


def _name_added(given: Catalog | Source | GrownRun) -> list[str] | None:
    """Return what run.json says was added to a run."""
    if not isinstance(given, GrownRun) or given.added is None:
        return None
    return list(given.added.names or (given.added.name,))


def _choose_run_folder(out: str | Path | None, sources: Sequence[str], grown: GrownRun | None) -> Path:
    if out is not None and isinstance(make_path(out), RemotePath):
        text = f"Cannot write run '{out}': got a URI, need a folder on this machine. Give one, and copy it afterwards."
        raise RunError(text, path=out)
    if grown is not None and grown.added is None:
        named: Sequence[str] = [str(drop_number(grown.side.folder))]  # the sources are those of the earlier run
    else:
        named = sources
    folder = Path(out).expanduser() if out is not None else choose_folder(named)
    for source in sources:
        check_outside(folder, source)
    return folder


def _list_unused(out: str | Path | None, overwrite: bool) -> list[Note]:
    if out is None and overwrite:
        return [note_unused("--overwrite", "without --out a run gets a new name, and no run is replaced")]
    return []


def _load_setup(settings: Settings) -> BackboneSetup:
    """Load the backbone of the settings. Check the cut and the image size."""
    setup = open_setup(settings.first_backbone, settings.image_size, precision=settings.precision, depth=settings.depth)
    choose_cut(settings.method, settings.cut, setup.backbone)
    return setup


@contextmanager
def _connect(address: str | None, verbose: bool) -> Iterator[Cluster | None]:
    if address is None:
        yield None
        return
    from headstart.scale.cluster import connect

    with connect(address, verbose=verbose) as cluster:
        yield cluster
