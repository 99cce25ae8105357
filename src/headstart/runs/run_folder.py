"""A run folder is whole or it is not there: written under a temporary name, then renamed."""

from __future__ import annotations

import contextlib
import glob
import itertools
import json
import os
import platform
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.catalog.walk import is_ignored
from headstart.errors import RunError, RunMovedError

CONTENTS = frozenset({"model.onnx", "report.html", "metrics.json", "history.csv", "predictions.csv", "catalog.csv",
                      "notes.json", "README.md", "figures", "tensorboard"})  # fmt: skip

_claiming = threading.Lock()
_ACTIVE: set[Path] = set()  # the temporary folders that this very process is writing


def choose_folder(source: str) -> Path:
    """Return ``runs/NAME`` for a catalog's source, or the first of ``runs/NAME-2``, ``-3``, ... that is free.

    ``runs`` lies in the current folder, or beside the photos where the current folder is one of theirs.
    """
    photos = Path(source).expanduser().resolve()
    name = (photos.stem if photos.is_file() else photos.name) if source else "run"
    runs = Path("runs")
    if source and photos.is_dir() and Path.cwd().is_relative_to(photos):
        runs = photos.parent / "runs"
    return next(folder for folder in _count_up(runs / name) if not folder.exists() and not _find_living(folder))


def check_outside(place: Path, source: str, *, what: str = "run", option: str = "--out") -> None:
    """Raise RunError if what is to be written would lie among the photos: the next scan would take it for one."""
    photos = Path(source).expanduser().resolve()
    if source and photos.is_dir() and place.resolve().is_relative_to(photos):
        raise RunError(
            f"Cannot write {what} '{place}': it lies inside the folder of photos '{source}', need a place outside. "
            f"Choose another {option}."
        )


@contextmanager
def write_run_folder(folder: Path, *, is_replacing: bool = False) -> Iterator[Path]:
    """Give a temporary folder to write into, and rename it to ``folder`` if the block ends well.

    It is made at once, so that a place that cannot be written is found out before the work and not after it.

    Raises
    ------
    RunError
        If ``folder`` exists already and is not to be replaced, or cannot be written.
    RunMovedError
        If it came into being while the block ran: what was written is kept under another name, which the error tells.
    """
    folder = folder.resolve()
    if folder.exists() and not (is_replacing and _is_run(folder)):
        what = "holds other things than a run" if folder.is_dir() else "is a file"
        hint = f"It {what}, so it is left alone: choose another --out."
        if _is_run(folder):
            hint = "Give --overwrite to replace it, or another --out."
        raise RunError(f"Cannot write run '{folder}': it exists already. {hint}")
    partial = folder.with_name(f".{folder.name}.partial-{platform.node()}-{os.getpid()}")
    with _claiming:
        if partial in _ACTIVE:
            raise RunError(f"Cannot write run '{folder}': another training is writing it. Choose another --out.")
        _ACTIVE.add(partial)
    is_new_parent = not folder.parent.exists()
    try:
        # made inside: a kill that comes just after leaves nothing behind either
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        shutil.rmtree(partial, ignore_errors=True)  # of a killed process that had our number
        partial.mkdir()
        yield partial
        _flush(partial)
        _put_in_place(partial, folder, is_replacing)
    except OSError as error:
        raise RunError(f"Cannot write run '{folder}': {error.strerror or error}. Choose another --out.") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        _ACTIVE.discard(partial)
        if is_new_parent:
            with contextlib.suppress(OSError):  # it holds the run, as it should
                folder.parent.rmdir()


def _put_in_place(partial: Path, folder: Path, is_replacing: bool) -> None:
    if not folder.exists():
        partial.rename(folder)
        return
    if not (is_replacing and _is_run(folder)):
        kept = next(other for other in _count_up(folder) if not other.exists())
        partial.rename(kept)
        raise RunMovedError(
            f"Cannot write run '{folder}': it came into being meanwhile. The run was kept as '{kept}'.", kept
        )
    old = folder.with_name(f".{folder.name}.replaced-{os.getpid()}")
    try:
        folder.rename(old)
        partial.rename(folder)
    except BaseException:  # Ctrl-C as well: the old run comes back
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _count_up(folder: Path) -> Iterator[Path]:
    yield folder
    for number in itertools.count(2):
        yield folder.with_name(f"{folder.name}-{number}")


def _is_run(folder: Path) -> bool:
    """Say whether a folder is a run and nothing else, or empty: only then may it be replaced."""
    try:
        names = {path.name for path in folder.iterdir() if not is_ignored(path.name)}
        if not names:
            return True
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return names <= CONTENTS and isinstance(metrics, dict) and {"schema", "headstart"} <= metrics.keys()


def _find_leftovers(folder: Path) -> list[Path]:
    return list(folder.parent.glob(f".{glob.escape(folder.name)}.partial-*"))


def _find_living(folder: Path) -> list[Path]:
    return [leftover for leftover in _find_leftovers(folder) if _is_alive(leftover)]


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed runs of the same name have left behind; a run that is still going is left alone."""
    for leftover in _find_leftovers(folder):
        if not _is_alive(leftover):
            shutil.rmtree(leftover, ignore_errors=True)


def _is_alive(partial: Path) -> bool:
    """Say whether the process that writes a temporary folder may still be going."""
    host, _, number = partial.name.rpartition(".partial-")[2].rpartition("-")
    if host != platform.node() or not number.isdigit() or os.name == "nt":
        return True  # not for us to know; on Windows signal 0 would be an interrupt, not a question
    if int(number) == os.getpid():
        return partial.resolve() in _ACTIVE  # in a container every process may have the number of the one before it
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def _flush(folder: Path) -> None:
    for path in (path for path in folder.rglob("*") if path.is_file()):
        with contextlib.suppress(OSError), path.open("rb") as file:
            os.fsync(file.fileno())
