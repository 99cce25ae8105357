"""Find the files beside runs and audits that name photos: lists of `headstart suggest`, answers of `predict`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.runs.photo_names import Places, find_named, list_texts, spell_names, spell_places
from headstart.runs.photo_traces import Trace
from headstart.runs.run_folder import RUN, FolderKind
from headstart.storage.photo_folder import RECORD

N_PARTS = 3  # of a path that name a photo: two would be alike in train/cats/1.png and test/cats/1.png
PAGE, PICTURE = ".html", ".png"


@dataclass(frozen=True, kw_only=True)
class FileTrace:
    """A file that names photos, and is not one of a run or an audit that holds them.

    Attributes
    ----------
    path
        Its path.
    digests
        Digests of the photos.
    showing
        Paths of it and of the picture of the same name, if they may show the photos.
    """

    path: Path
    digests: tuple[str, ...]
    showing: tuple[Path, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the record for JSON."""
        return {
            "path": str(self.path), "digests": list(self.digests),
            "files_that_may_show_them": [str(path) for path in self.showing],
        }  # fmt: skip


def find_file_traces(
    folders: Sequence[Path], results: Iterable[tuple[Path, FolderKind]], traces: Iterable[Trace], places: Places
) -> tuple[list[FileTrace], list[str]]:
    """Find the files directly in folders that name photos, and the runs whose command names them.

    A run that was trained with ``--forget DIGEST`` does not hold the photo, but its run.json has the command.

    Parameters
    ----------
    results, traces
        Runs and audits in the folders, and those of them that hold the photos.

    Returns
    -------
    The traces, and a sentence for each file that cannot be read.
    """
    names = spell_places(places, list_working_folders(folders)) | spell_names(_shorten(places))
    held = {trace.folder: frozenset(trace.list_digests()) for trace in traces}
    results = list(results)
    inside = {folder.resolve() for folder, _ in results}
    files = {folder / RECORD for folder, kind in results if kind is RUN and (folder / RECORD).is_file()}
    found, problems = [], []
    for folder in folders:
        if folder.resolve() not in inside:
            try:
                files.update(list_texts(folder))
            except OSError as error:
                problems.append(f"'{folder}' was not searched: {error.strerror or error}.")
    for path in sorted(files):
        try:
            digests = find_named(path, names) - held.get(path.parent, frozenset())
        except OSError as error:
            problems.append(f"'{path}' was not searched: {error.strerror or error}.")
            continue
        if digests:
            picture = path.with_suffix(PICTURE)
            shown = [path] * (path.suffix == PAGE) + [picture] * (picture.is_file() and path.name != RECORD)
            found.append(FileTrace(path=path, digests=tuple(sorted(digests)), showing=tuple(shown)))
    return found, problems


def _shorten(places: Places) -> Iterator[tuple[str, str]]:
    """Yield the end of each path with two folders: the command may have run elsewhere, or on a moved folder."""
    for digest, paths in places.items():
        for path in paths:
            parts = Path(path).parts
            if len(parts) > N_PARTS:
                yield "/".join(parts[-N_PARTS:]), digest


def list_working_folders(folders: Iterable[Path]) -> list[Path]:
    """Return the folders to which files in these folders may have relative paths: the command ran in one of them."""
    return list(dict.fromkeys([Path.cwd(), *(folder.resolve().parent for folder in folders)]))
