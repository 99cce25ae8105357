"""Tell a tracker of a run: what was chosen, what came of it, the curves, the figures.

All of it is read from the run's folder. So a run is whole before anything is tracked, and can be tracked at any time.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shlex
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from headstart.errors import HeadstartError, MissingExtraError, RunError
from headstart.head.history import Epoch
from headstart.installed import is_installed
from headstart.training.run import Run
from headstart.training.table import SPLITS

# what each tracker needs, which its extra of the same name installs
PACKAGES = {"mlflow": ("mlflow", "sqlalchemy", "alembic"), "tensorboard": ("tensorboardX",)}
TRACKERS = tuple(PACKAGES)
_CHOICES = ("method", "cut", "backbone", "image_size", "features", "head", "precision", "views", "averaged_views",
            "seed", "split_seed")  # fmt: skip
_COUNTS = ("n", "n_folds", "n_repeats")  # among the metrics they would each be a chart


@dataclass(frozen=True)
class Tracked:
    """A run in the words of trackers.

    Attributes
    ----------
    folder
        The run folder, absolute.
    parameters
        What was chosen; no None among them.
    metrics
        What came of it, such as ``test/accuracy``, with the ends of its 95% interval as ``test/accuracy_low`` and
        ``_high``; seconds as ``seconds/fit``.
    history
        As history.csv has it: epochs of training, or iterations of the solver.
    tags
        The version, where the photos are, and a hash of the catalog that is the same wherever they are.
    verdict
        In a sentence or two.
    """

    folder: Path
    parameters: dict[str, str | int | float | bool]
    metrics: dict[str, float]
    history: tuple[Epoch, ...]
    tags: dict[str, str]
    verdict: str

    @property
    def name(self) -> str:
        """The name of the run folder."""
        return self.folder.name


def check_tracker(tracker: str) -> None:
    """Raise an error unless a tracker is one of `TRACKERS`, and what it needs is installed.

    Raises
    ------
    RunError
        If it is another word.
    MissingExtraError
        If packages are missing; the message names the extra.
    """
    if tracker not in TRACKERS:
        raise RunError(f"Cannot track a run: got tracker {tracker!r}, need one of {', '.join(TRACKERS)}.")
    missing = [package for package in PACKAGES[tracker] if not is_installed(package)]
    if missing:
        names = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
        raise MissingExtraError(
            f"Cannot track by {tracker}: {names} {'is' if len(missing) == 1 else 'are'} not installed. "
            f"Install what it needs with: pip install 'headstart[{tracker}]'"
        )


def track_run(run: Run, tracker: str) -> str:
    """Do what `Run.track` says."""
    check_tracker(tracker)
    try:
        said: str = import_module(f"headstart.training.tracking_{tracker}").send_run(read_run(run))
    except HeadstartError:
        raise
    except Exception as error:  # whatever a library, a server or a disk came up with
        reason = textwrap.shorten(hide_password(str(error)), 240, placeholder=" ...") or type(error).__name__
        raise RunError(f"Cannot track run '{run.folder}' by {tracker}: {reason.rstrip('.')}.") from error
    return said


def track_trained(run: Run, tracker: str, say: Callable[[str], None]) -> None:
    """Do as `track_run` and say where it is, but only warn if the tracker fails: the run is there all the same."""
    try:
        say(track_run(run, tracker))
    except HeadstartError as error:
        later = shlex.join(["headstart", "track", str(run.folder), "--to", tracker])
        warnings.warn(f"{error} The run is whole; to track it later: {later}", stacklevel=1)


def hide_password(text: str) -> str:
    """Return a text without the names and passwords that addresses in it may carry.

    Examples
    --------
    >>> hide_password("no answer from https://me:secret@example.org/api")
    'no answer from https://example.org/api'
    """
    return re.sub(r"//[^/@\s]*@", "//", text)


def read_run(run: Run) -> Tracked:
    """Return a run in the words of trackers."""
    with (run.folder / "history.csv").open(newline="", encoding="utf-8") as file:
        history = tuple(
            Epoch(row["Data"], int(row["Epoch"]), float(row["Accuracy"]), float(row["Loss"]))  # type: ignore[arg-type]
            for row in csv.DictReader(file)
        )
    return Tracked(
        run.folder.resolve(), _list_parameters(run.metrics), _list_metrics(run.metrics), history,
        {"headstart.version": run.metrics["headstart"], **_describe_catalog(run.folder / "catalog.csv")}, run.verdict,
    )  # fmt: skip


def _list_parameters(metrics: dict[str, Any]) -> dict[str, str | int | float | bool]:
    found = {name: metrics[name] for name in _CHOICES}
    found |= {"n_classes": len(metrics["classes"]), "is_auto": metrics["auto"] is not None}
    found |= {f"n_{split}": (metrics[split] or {"n": 0})["n"] for split in SPLITS}
    found["class_weight"] = "none" if metrics["class_weights"] is None else "balanced"
    found["strength"] = None if metrics["strength"] is None else metrics["strength"]["chosen"]
    found |= {f"tuning.{name}": value for name, value in (metrics["tuning"] or {}).items()}
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}


def _list_metrics(metrics: dict[str, Any]) -> dict[str, float]:
    found: dict[str, Any] = {}
    for part in (*reversed(SPLITS), "cross_validation", "seconds"):  # what counts first
        for name, value in (metrics[part] or {}).items():
            if name in _COUNTS:
                continue
            if name == "accuracy_ci95":
                found |= {f"{part}/accuracy_low": value[0], f"{part}/accuracy_high": value[1]}
            else:
                found[f"{part}/{name}"] = value
    return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}


def _describe_catalog(path: Path) -> dict[str, str]:
    """Return the folder that holds all photos, and a hash of everything in the catalog but their paths."""
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        rows = list(csv.DictReader(file))
    facts = sorted("\t".join(value for name, value in row.items() if name != "path") for row in rows)
    digest = hashlib.sha256("\n".join(facts).encode("utf-8", "surrogateescape")).hexdigest()
    try:
        folder = os.path.commonpath([os.path.normpath(row["path"]) for row in rows])
    except ValueError:  # on several drives
        folder = ""
    return {"headstart.photos": folder, "headstart.catalog_sha256": digest}
