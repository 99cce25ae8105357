"""Where a training is: written after every epoch, so that a killed one goes on from there, exactly."""

from __future__ import annotations

import contextlib
import json
import os
import time
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.folders import find_cache_folder

FOLDER = "tuning-1"  # another layout gets another name
OLD_S = 7 * 24 * 3600  # what nobody has come back for
Arrays = Mapping[str, npt.NDArray[Any]]


class Checkpoint:
    """One training's file; arrays and a record, no pickle.

    Parameters
    ----------
    name
        A text that is different for different trainings; None keeps nothing.
    """

    def __init__(self, name: str | None) -> None:
        folder = find_cache_folder() / FOLDER
        self._path = None if name is None else folder / f"{name}.npz"
        with contextlib.suppress(OSError):
            for path in folder.iterdir():
                if time.time() - path.stat().st_mtime > OLD_S:
                    path.unlink(missing_ok=True)

    def load(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]] | None:
        """Return the arrays and the record, or None if there is no whole file."""
        if self._path is None:
            return None
        try:
            with self._path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}  # zip checks the sum of each
            return arrays, json.loads(str(arrays.pop("record")))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def save(self, arrays: Arrays, record: Mapping[str, Any]) -> None:
        """Write the file, whole or not at all; a disk without room costs the checkpoint, never the training."""
        if self._path is None:
            return
        partial = self._path.with_name(f".{self._path.name}.partial-{os.getpid()}.npz")
        with contextlib.suppress(OSError):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                np.savez(partial, allow_pickle=False, record=np.array(json.dumps(record)), **dict(arrays))
                partial.replace(self._path)
            finally:
                partial.unlink(missing_ok=True)

    def delete(self) -> None:
        """Delete the file: the training is done."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
