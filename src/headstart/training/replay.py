"""Train a run again, from what its folder records, and compare the results."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from headstart.classifier.seal import check_seal
from headstart.errors import ClassifierError
from headstart.process.progress import show_progress
from headstart.report.chart_process import ChartDrawer
from headstart.runs.photo_finding import find_photos
from headstart.runs.replay_comparison import answer_by_digest, compare_replay
from headstart.runs.run import Run
from headstart.runs.run_record import read_record
from headstart.runs.run_tables import read_run_photos
from headstart.storage.local_files import read_regular
from headstart.training.recorded_training import choose_settings, make_catalog
from headstart.training.train import train_classifier


def replay_run(
    run: Run | str | Path, *, photos: str | Path | None = None, out: str | Path | None = None, partial: bool = False,
    cache: bool = True, verbose: bool = True, say: Callable[[str], None] = lambda _: None,
    chart_drawer: ChartDrawer | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train a run again with the photos, splits and settings that its folder records, and compare the results.

    The photos are found by their digests, first in the folder where they lay, then in ``photos``. Their names do not
    matter. If some are missing or changed, nothing is trained, unless ``partial`` is True.

    Parameters
    ----------
    run
        A run, or its folder.
    photos
        Folder, table or tar shards with the photos. Default: only the folder where they lay is searched.
    out
        Run folder to write. Default: the new run is compared and deleted.
    partial
        Whether to train without the photos that are missing or changed. The result cannot be the same then.
    cache
        Whether the user's cache is used. Without it, features are computed anew.
    verbose
        Whether progress is shown on stderr.
    say
        Function that is called with sentences for the user.
    chart_drawer
        Object that draws the charts. Default: one that draws them in this process.

    Returns
    -------
    Plain JSON types: ``is_same`` (all bits), ``is_equal`` (all photos, and the same answer for each), ``run`` (its
    folder), ``n_photos``, ``missing`` and ``changed`` (paths of photos), ``is_file_kept`` (whether the classifier file
    is the one that the run wrote, or is missing), ``out`` (the new run folder, or None), and ``comparison`` as
    `compare_replay` returns it, or None if nothing was trained.

    Raises
    ------
    RunError
        If the folder is no run, has no run.json, as folders of earlier versions, or one of its files is missing or
        damaged.
    """
    given = run if isinstance(run, Run) else Run(run)
    folder = given.folder
    record = read_record(folder)
    rows = read_run_photos(folder)
    # a file that is missing or damaged is named now, not after the training
    _ = given.metrics, answer_by_digest(folder, rows)
    is_file_kept = _is_file_kept(folder, record)
    with show_progress("Finding photos", is_shown=verbose) as progress:
        found = find_photos(rows, record["photos"].get("folder"), photos, cache=cache, progress=progress)
    is_complete = not (found.missing or found.changed)
    result: dict[str, Any] = {
        "run": str(folder), "out": None, "n_photos": len(rows), "is_same": False, "is_equal": False,
        "missing": list(found.missing), "changed": list(found.changed), "is_file_kept": is_file_kept,
        "comparison": None,
    }  # fmt: skip
    if not is_complete and not partial:
        return result
    catalog = make_catalog(rows, found, record)
    if out is None:
        catalog = replace(catalog, source="", sources=())
    settings = choose_settings(record)
    with tempfile.TemporaryDirectory(prefix="headstart-replay-") if out is None else nullcontext() as scratch:
        again = train_classifier(
            catalog, out=Path(str(scratch), "run") if out is None else out, cache=cache, verbose=verbose, say=say,
            chart_drawer=chart_drawer, command=record.get("command"),
            **{part.name: getattr(settings, part.name) for part in fields(settings)},
        )  # fmt: skip
        comparison = compare_replay(folder, again.folder)
    comparison["same_bits"]["model"] &= is_file_kept
    is_same = is_complete and all(comparison["same_bits"].values())
    is_equal = is_complete and not comparison["other_answers"] and comparison["n_compared"] > 0
    return result | {
        "out": None if out is None else str(again.folder), "is_same": is_same, "is_equal": is_equal,
        "comparison": comparison,
    }  # fmt: skip


def _is_file_kept(folder: Path, record: dict[str, Any]) -> bool:
    """Return whether the classifier file of a run is the one that it wrote. One that was deleted tells nothing."""
    path = folder / "model.onnx"
    if not path.exists():
        return True
    try:
        return bool(check_seal(read_regular(path)) == record["digests"].get("model"))
    except (ClassifierError, OSError):
        return False
