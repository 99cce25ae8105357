"""Choose a run folder, write it under a temporary name, and rename it: it is complete, or it does not exist."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.catalog.walk import is_ignored
from headstart.errors import RunError, RunMovedError
from headstart.storage.partial_folders import is_being_written, make_partial_folder

CONTENTS = frozenset({"model.onnx", "report.html", "metrics.json", "history.csv", "predictions.csv", "catalog.csv",
                      "notes.json", "run.json", "near_copies.csv", "README.md", "figures", "tensorboard"})  # fmt: skip

RUNS = Path("runs")  # in the current folder


def choose_folder(source: str) -> Path:
    """Return ``runs/NAME`` for the source of a catalog, or the first free one of ``runs/NAME-2``, ``-3``, ...

    ``runs`` lies in the current folder, also if that is inside the photos: a scan leaves it out.
    """
    photos = Path(source).expanduser().resolve()
    name = (photos.stem if photos.is_file() else photos.name) if source else ""
    free = (folder for folder in _number_names(RUNS / (name or "run")) if not folder.exists())
    return next(folder for folder in free if not is_being_written(folder))


def check_outside(path: Path, source: str, *, what: str = "run", option: str = "--out") -> None:
    """Raise RunError if a path lies inside the folder of photos, where the next scan would find the file.

    The folder ``runs`` of the current folder is allowed, because scans leave it out.
    """
    photos = Path(source).expanduser().resolve()
    is_inside = bool(source) and photos.is_dir() and path.resolve().is_relative_to(photos)
    if is_inside and path.resolve().parent != RUNS.resolve():
        raise RunError(
            f"Cannot write {what} '{path}': it lies inside the folder of photos '{source}', need a place outside. "
            f"Choose another {option}."
        )


@contextmanager
def write_run_folder(folder: Path, *, is_replacing: bool = False) -> Iterator[Path]:
    """Yield a temporary folder to write into, and rename it to ``folder`` if the block ends without an error.

    The temporary folder is made at once, so that a path that cannot be written fails before the work starts. If the
    block raises, the temporary folder is deleted.

    Parameters
    ----------
    is_replacing
        Whether to replace ``folder`` if it is empty or holds only the files of a run.

    Raises
    ------
    RunError
        If ``folder`` exists and is not replaced, or cannot be written.
    RunMovedError
        If another program made ``folder`` during the block, and it is not replaced. The run is kept under another
        name; the error holds the new path.
    """
    folder = folder.resolve()
    if folder.exists() and not (is_replacing and _is_run(folder)):
        what = "It is a folder with other files than those of a run" if folder.is_dir() else "It is a file"
        hint = f"{what}, so it is not replaced. Choose another --out."
        if _is_run(folder):
            hint = "Give --overwrite to replace it, or another --out."
        raise RunError(f"Cannot write run '{folder}': it exists already. {hint}")
    is_new_parent = not folder.parent.exists()
    try:
        # inside the try block: an interrupt just after mkdir leaves no folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with make_partial_folder(folder) as partial:
            yield partial
            _flush(partial)
            _move_into_place(partial, folder, is_replacing)
    except BlockingIOError:
        raise RunError(f"Cannot write run '{folder}': another training is writing it. Choose another --out.") from None
    except OSError as error:
        raise RunError(f"Cannot write run '{folder}': {error.strerror or error}. Choose another --out.") from None
    finally:
        if is_new_parent:
            with contextlib.suppress(OSError):  # it contains the run
                folder.parent.rmdir()


def _move_into_place(partial: Path, folder: Path, is_replacing: bool) -> None:
    if not folder.exists():
        partial.rename(folder)
        return
    if not (is_replacing and _is_run(folder)):
        kept = next(other for other in _number_names(folder) if not other.exists())
        partial.rename(kept)
        raise RunMovedError(
            f"Cannot write run '{folder}': another program made it meanwhile. The run is kept as '{kept}'.", kept
        )
    old = folder.with_name(f".{folder.name}.replaced-{os.getpid()}")
    try:
        folder.rename(old)
        partial.rename(folder)
    except BaseException:  # Ctrl-C, too: restore the old run
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _number_names(folder: Path) -> Iterator[Path]:
    yield folder
    for number in itertools.count(2):
        yield folder.with_name(f"{folder.name}-{number}")


def _is_run(folder: Path) -> bool:
    """Say whether a folder is empty or has only the files of a run: only such a folder is replaced."""
    try:
        names = {path.name for path in folder.iterdir() if not is_ignored(path.name)}
        if not names:
            return True
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return names <= CONTENTS and isinstance(metrics, dict) and {"schema", "headstart"} <= metrics.keys()


def _flush(folder: Path) -> None:
    """Write all files to the disk, so that a power failure after the rename leaves no empty files."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        with contextlib.suppress(OSError), path.open("rb") as file:
            os.fsync(file.fileno())
