"""Describe how a run was made, for run.json: command, settings, photos, versions, machine and digests.

What differs between two equal trainings, such as the date, stands here and in no other file of the run.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.catalog.several_sources import join_names
from headstart.classifier.file import ClassifierFile
from headstart.engine.gpu import choose_device, describe_gpu
from headstart.engine.processor import describe_engine
from headstart.errors import RunError
from headstart.methods.settings import Settings
from headstart.methods.split_metrics import SplitPredictions
from headstart.methods.trained_method import TrainedMethod
from headstart.process.cores import count_cores
from headstart.process.packages import find_version, is_installed
from headstart.storage.large_arrays import walk_rows
from headstart.storage.local_files import read_regular
from headstart.storage.photo_folder import RECORD, find_photo_folder
from headstart.storage.remote_paths import hide_password
from headstart.storage.spreadsheet_cells import guard_cell
from headstart.version import __version__

SCHEMA = 1
# distributions whose arithmetic decides the numbers, and the names to import them by
ARITHMETIC = {
    "numpy": "numpy", "openvino": "openvino", "pillow": "PIL", "simplejpeg": "simplejpeg",
    "cykooz.resizer": "cykooz_resizer",
}  # fmt: skip
ROWS = 4096  # of features that are hashed at a time


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """What the user asked for.

    Attributes
    ----------
    settings
        Settings as they were given.
    command
        Words of the command line, or None if Python called `train_classifier`.
    arguments
        Other arguments of `train_classifier`.
    """

    settings: Settings
    command: Sequence[str] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


def describe_run(
    request: TrainingRequest, trained: TrainedMethod, model: ClassifierFile, predictions: Mapping[str, SplitPredictions]
) -> dict[str, Any]:
    """Return the content of run.json, in plain JSON types.

    ``settings.asked`` are the settings as they were given, ``settings.used`` those that the classifier was trained
    with: a method that was chosen stands in place of ``auto``.
    """
    catalog = trained.table.catalog
    command = None if request.command is None else [hide_password(word) for word in request.command]
    return {
        "schema": SCHEMA,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "arguments": {name: _make_plain(value) for name, value in request.arguments.items()},
        "settings": {"asked": asdict(request.settings), "used": asdict(trained.settings)},
        "photos": {
            "source": join_names([hide_password(name) for name in catalog.sources or [catalog.source]]),
            "sources": [hide_password(name) for name in catalog.sources],
            "working_folder": str(Path.cwd()),
            "folder": find_photo_folder([photo.file for photo in catalog.photos], catalog.source),
            "n": len(catalog.photos),
        },
        "split": {
            "seed": catalog.seed,
            "pool": catalog.plan.pool,
            "shares": dict(catalog.plan.shares),
            "group_kind": catalog.group_kind,
        },
        "versions": list_versions(is_tuned=trained.tuned is not None),
        "machine": describe_machine() | {"arithmetic": trained.table.precision},
        "digests": {
            "catalog": hash_catalog(catalog),
            "features": _hash_arrays(part.X for part in trained.table.splits.values()),
            "head": _hash_arrays([model.weights, model.bias]),
            "model": model.digest,
            "probabilities": _hash_arrays(part.probabilities for part in predictions.values()),
        },
    }


def read_record(folder: Path) -> dict[str, Any]:
    """Read the run.json of a run folder.

    Raises
    ------
    RunError
        If there is none, as in runs of earlier versions, or it cannot be used.
    """
    path = folder / RECORD
    try:
        record = json.loads(read_regular(path))
        version = record["schema"]
        parts = ("settings", "photos", "split", "versions", "machine", "digests")
        is_whole = isinstance(version, int) and all(isinstance(record[part], dict) for part in parts)
        is_whole = is_whole and all(isinstance(record["settings"][part], dict) for part in ("asked", "used"))
    except FileNotFoundError:
        raise RunError(
            f"Cannot read how '{folder}' was trained: got no {RECORD}, need one. Earlier versions of headstart wrote "
            "none: train again.", path=folder,
        ) from None  # fmt: skip
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        is_whole, version = False, 0
    if not is_whole:
        raise RunError(
            f"Cannot read '{path}': got a damaged or edited file, need the one that training wrote. Restore it.",
            path=path,
        )
    if version > SCHEMA:
        raise RunError(
            f"Cannot read '{path}': got schema {version}, need {SCHEMA} or less. Update headstart.", path=path
        )
    return dict(record)


def list_versions(*, is_tuned: bool) -> dict[str, str]:
    """Return the versions of headstart, Python and the packages that decide the numbers."""
    packages = ARITHMETIC | ({"torch": "torch"} if is_tuned else {})
    found = {name: find_version(name, package) for name, package in packages.items() if is_installed(package)}
    return {"headstart": __version__, "python": platform.python_version(), **found}


def describe_machine() -> dict[str, Any]:
    """Return the processor, the system and what decides the bits of a feature on it, and on its GPU if there is one."""
    gpu = f"; {describe_gpu()}" if choose_device("auto", is_quantised=False) == "gpu" else ""
    return {
        "processor": _name_processor(), "n_cores": count_cores(), "system": f"{sys.platform} {platform.machine()}",
        "engine": describe_engine() + gpu,
    }  # fmt: skip


def hash_catalog(catalog: Catalog) -> str:
    """Return a SHA-256 of the photos' digests, labels, splits, groups and weights, without their paths."""
    photos = catalog.photos
    has_group = any(photo.group is not None for photo in photos)
    has_weight = any(photo.weight != 1 for photo in photos)
    facts = sorted("\t".join(_list_facts(photo, has_group, has_weight)) for photo in photos)
    return hashlib.sha256("\n".join(facts).encode("utf-8", "surrogateescape")).hexdigest()


def _list_facts(photo: Photo, has_group: bool, has_weight: bool) -> list[str]:
    """Return the cells of a photo in catalog.csv, without its path and its near copies."""
    cells = [guard_cell(photo.label), photo.split or "", photo.digest]
    cells += [guard_cell(photo.group or "")] if has_group else []
    return cells + ([repr(photo.weight)] if has_weight else [])


def _hash_arrays(arrays: Iterable[npt.NDArray[Any]]) -> str:
    """Return the SHA-256 of the float32 numbers of arrays, in hex."""
    digest = hashlib.sha256()
    for array in arrays:
        for rows in walk_rows(array, ROWS):
            digest.update(np.ascontiguousarray(array[rows], "<f4").tobytes())
    return digest.hexdigest()


def _make_plain(value: Any) -> Any:
    """Return an argument in plain JSON types: a path or another object as text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return list(map(_make_plain, value))
    return hide_password(os.fspath(value)) if isinstance(value, str | os.PathLike) else type(value).__name__


def _name_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Hardware"))]
    return names[0] if names else platform.processor()
