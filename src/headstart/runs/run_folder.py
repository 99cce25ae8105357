"""Choose a folder for results, write it under a temporary name, and rename it: it is complete, or it does not exist.

The results are those of a training (a run folder) or of an audit (an audit folder).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headstart.catalog.walk import is_ignored
from headstart.errors import RunError, RunMovedError
from headstart.storage.partial_folders import is_being_written, make_partial_folder


@dataclass(frozen=True)
class FolderKind:
    """A kind of results, each with a folder of its own.

    Attributes
    ----------
    name, noun
        What the folder holds, in messages: ``run`` and ``a run``.
    place
        Folder of all folders of this kind, in the current folder. Scans leave it out.
    record
        File that shows that a folder is one of this kind: JSON with ``schema`` and ``headstart``.
    contents
        Names of all files and folders inside. A folder with others is never replaced.
    writer
        What writes the folder, in messages.
    """

    name: str
    noun: str
    place: Path
    record: str
    contents: frozenset[str]
    writer: str


RUN = FolderKind(
    "run", "a run", Path("runs"), "metrics.json",
    frozenset({"model.onnx", "report.html", "metrics.json", "history.csv", "predictions.csv", "catalog.csv",
               "notes.json", "run.json", "near_copies.csv", "README.md", "figures", "tensorboard"}), "training",
)  # fmt: skip
AUDIT = FolderKind(
    "audit",
    "an audit",
    Path("audits"),
    "audit.json",
    frozenset({"audit.html", "audit.json", "findings.csv"}),
    "audit",
)


N_NAMED = 3  # sources in the name of a folder


def choose_folder(source: str | Sequence[str], kind: FolderKind = RUN) -> Path:
    """Return ``runs/NAME`` for the source of a catalog, or the first free one of ``runs/NAME-2``, ``-3``, ...

    ``runs`` lies in the current folder, also if that is inside the photos: a scan leaves it out. For an audit it is
    ``audits``.
    """
    free = (folder for folder in _number_names(kind.place / name_source(source, kind)) if not folder.exists())
    return next(folder for folder in free if not is_being_written(folder))


def name_source(source: str | Sequence[str], kind: FolderKind = RUN) -> str:
    """Return the name of a source: that of its folder or file without the suffix; if it has none, that of the kind.

    Of several sources, ``+`` joins the names; of more than three, it is that of the first with the number of others.
    """
    if not isinstance(source, str):
        names = [name_source(one, kind) for one in source]
        return "+".join(names if len(names) <= N_NAMED else [names[0], str(len(names) - 1)])
    photos = Path(source).expanduser().resolve()
    name = (photos.stem if photos.is_file() else photos.name) if source else ""
    return name or kind.name


def drop_number(folder: Path) -> Path:
    """Return the folder without the number that `choose_folder` gave it, if that exists; else the folder."""
    numbered = re.fullmatch(r"(.+)-\d+", folder.name)
    first = folder if numbered is None else folder.with_name(numbered[1])
    return first if first.exists() else folder


def check_outside(path: Path, source: str, *, what: str = "run", option: str = "--out") -> None:
    """Raise RunError if a path lies inside the folder of photos, where the next scan would find the file.

    The folders ``runs`` and ``audits`` of the current folder are allowed, because scans leave them out.
    """
    photos = Path(source).expanduser().resolve()
    is_inside = bool(source) and photos.is_dir() and path.resolve().is_relative_to(photos)
    if is_inside and path.resolve().parent not in (RUN.place.resolve(), AUDIT.place.resolve()):
        raise RunError(
            f"Cannot write {what} '{path}': it lies inside the folder of photos '{source}', need a place outside. "
            f"Choose another {option}."
        )


@contextmanager
def write_run_folder(folder: Path, *, is_replacing: bool = False, kind: FolderKind = RUN) -> Iterator[Path]:
    """Yield a temporary folder to write into, and rename it to ``folder`` if the block ends without an error.

    The temporary folder is made at once, so that a path that cannot be written fails before the work starts. If the
    block raises, the temporary folder is deleted.

    Parameters
    ----------
    is_replacing
        Whether to replace ``folder`` if it is empty or holds only the files of its kind.
    kind
        What the folder is to hold.

    Raises
    ------
    RunError
        If ``folder`` exists and is not replaced, or cannot be written.
    RunMovedError
        If another program made ``folder`` during the block, and it is not replaced. The run is kept under another
        name; the error holds the new path.
    """
    folder = folder.resolve()
    if folder.exists() and not (is_replacing and _is_of_kind(folder, kind)):
        what = f"It is a folder with other files than those of {kind.noun}" if folder.is_dir() else "It is a file"
        hint = f"{what}, so it is not replaced. Choose another --out."
        if _is_of_kind(folder, kind):
            hint = "Give --overwrite to replace it, or another --out."
        raise RunError(f"Cannot write {kind.name} '{folder}': it exists already. {hint}")
    is_new_parent = not folder.parent.exists()
    try:
        # inside the try block: an interrupt just after mkdir leaves no folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with make_partial_folder(folder) as partial:
            yield partial
            _flush(partial)
            _move_into_place(partial, folder, kind, is_replacing=is_replacing)
    except BlockingIOError:
        raise RunError(
            f"Cannot write {kind.name} '{folder}': another {kind.writer} is writing it. Choose another --out."
        ) from None
    except OSError as error:
        raise RunError(
            f"Cannot write {kind.name} '{folder}': {error.strerror or error}. Choose another --out."
        ) from None
    finally:
        if is_new_parent:
            with contextlib.suppress(OSError):  # it contains the run
                folder.parent.rmdir()


def _move_into_place(partial: Path, folder: Path, kind: FolderKind, *, is_replacing: bool) -> None:
    if not folder.exists():
        partial.rename(folder)
        return
    if not (is_replacing and _is_of_kind(folder, kind)):
        kept = next(other for other in _number_names(folder) if not other.exists())
        partial.rename(kept)
        raise RunMovedError(
            f"Cannot write {kind.name} '{folder}': another program made it meanwhile. The {kind.name} is kept as "
            f"'{kept}'.", kept,
        )  # fmt: skip
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


def _is_of_kind(folder: Path, kind: FolderKind) -> bool:
    """Say whether a folder is empty or has only the files of its kind: only such a folder is replaced."""
    try:
        names = {path.name for path in folder.iterdir() if not is_ignored(path.name)}
        if not names:
            return True
        record = json.loads((folder / kind.record).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return names <= kind.contents and isinstance(record, dict) and {"schema", "headstart"} <= record.keys()


def _flush(folder: Path) -> None:
    """Write all files to the disk, so that a power failure after the rename leaves no empty files."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        with contextlib.suppress(OSError), path.open("rb") as file:
            os.fsync(file.fileno())
