"""A run folder is whole or it is not there: written under a temporary name, then renamed."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.errors import RunError

RUNS = Path("runs")


def choose_folder(source: str) -> Path:
    """Return ``runs/NAME`` for a catalog's source, or the first of ``runs/NAME-2``, ``-3``, ... that is free."""
    path = Path(source).resolve()
    name = path.stem if path.suffix else path.name
    names = (f"{name or 'run'}{suffix}" for suffix in itertools.chain([""], (f"-{n}" for n in itertools.count(2))))
    return next(RUNS / name for name in names if not (RUNS / name).exists())


@contextmanager
def write_run_folder(folder: Path, *, is_replacing: bool = False) -> Iterator[Path]:
    """Give a temporary folder to write into, and rename it to ``folder`` if the block ends well.

    It is made at once, so that a place that cannot be written is found out before the work and not after it.

    Raises
    ------
    RunError
        If ``folder`` exists already and is not to be replaced, or cannot be written.
    """
    if folder.exists() and not (is_replacing and _is_replaceable(folder)):
        hint = "Give --overwrite to replace it, or another --out."
        if is_replacing:
            hint = "It is no run folder, so it is left alone: choose another --out."
        raise RunError(f"Cannot write run '{folder}': it exists already. {hint}")
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        partial.mkdir()
    except OSError as error:
        raise RunError(f"Cannot write run '{folder}': {error.strerror or error}. Choose another --out.") from None
    try:
        yield partial
        _flush(partial)
        if folder.exists():
            old = folder.with_name(f".{folder.name}.replaced-{os.getpid()}")
            folder.rename(old)
            partial.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            partial.rename(folder)
    except OSError as error:
        raise RunError(f"Cannot write run '{folder}': {error.strerror or error}. Choose another --out.") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _is_replaceable(folder: Path) -> bool:
    return (folder / "metrics.json").is_file() or (folder.is_dir() and not any(folder.iterdir()))


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed runs of the same name have left behind; a run that is still going is left alone."""
    for leftover in folder.parent.glob(f".{folder.name}.partial-*"):
        number = leftover.name.rsplit("-", 1)[1]
        if number.isdigit() and not _is_alive(int(number)):
            shutil.rmtree(leftover, ignore_errors=True)


def _is_alive(process: int) -> bool:
    if os.name == "nt":
        return True  # there, signal 0 is no question but an interrupt
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def _flush(folder: Path) -> None:
    for path in (path for path in folder.rglob("*") if path.is_file()):
        with contextlib.suppress(OSError), path.open("rb") as file:
            os.fsync(file.fileno())
