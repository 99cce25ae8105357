"""Write the files of a suggestion: the CSV to fill in, and the page with thumbnails."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from headstart.errors import RunError
from headstart.evaluation.words import count_photos
from headstart.inspection.page_thumbnails import read_thumbnails
from headstart.inspection.suggestions import Suggestions, name_kind, refuse_existing, save_text
from headstart.process.progress import Progress, ignore_progress
from headstart.report.suggest_page import render_suggestions
from headstart.runs.run_folder import RUN, check_outside
from headstart.storage.photo_folder import shorten_path
from headstart.storage.remote_paths import RemotePath, make_path

THUMBNAIL_PX = 320  # of the longer side: about 9 kB
N_THUMBNAILS = 1_000  # 9 MB; the others are listed without


def choose_csv(name: str, out: str | Path | None = None, *, overwrite: bool = False) -> Path:
    """Return where the CSV is written: ``out``, or ``runs/NAME-suggested.csv``, or ``-2`` and so on if it exists.

    Raises
    ------
    RunError
        If ``out`` cannot be replaced or written: it exists, is a URI, or does not end in ``.csv``.
    """
    if out is None:
        base = RUN.place / f"{name or 'photos'}-suggested.csv"
        path, number = base, 2
        while not overwrite and (path.exists() or find_page(path).exists()):
            path, number = base.with_stem(f"{base.stem}-{number}"), number + 1
    else:
        place = make_path(out)
        if isinstance(place, RemotePath) or place.suffix.casefold() != ".csv":
            raise RunError(f"Cannot write suggestions '{out}': need the path of a .csv file on this machine.", path=out)
        path = place.expanduser()
    for file in (path, find_page(path)):
        refuse_existing(file, overwrite=overwrite)
    return path


def find_page(path: Path) -> Path:
    """Return the path of the page beside a CSV."""
    return path.with_suffix(".html")


def refuse_inside(path: Path, source: str) -> None:
    """Raise RunError if the files would lie in the folder of photos."""
    check_outside(path, source, what="suggestions")


def write_files(
    suggestions: Suggestions, path: Path, *, overwrite: bool = False, depth: int = 16,
    progress: Progress = ignore_progress,
) -> Suggestions:  # fmt: skip
    """Write the CSV, and the page beside it; return the suggestions with their paths.

    Raises
    ------
    RunError
        If a file exists and is not replaced, or cannot be written.
    """
    page = find_page(path)
    suggestions = suggestions.at(path, page)
    for file in (path, page):  # before the thumbnails are made: another program may have written it meanwhile
        refuse_existing(file, overwrite=overwrite)
    sizes = {one.photo.file: THUMBNAIL_PX for one in suggestions.photos[:N_THUMBNAILS]}
    thumbnails = read_thumbnails(sizes, depth=depth, progress=progress)
    save_text(page, _render(suggestions, path, thumbnails))
    suggestions.write_csv(path, overwrite=overwrite)
    return suggestions


def summarise(suggestions: Suggestions) -> list[str]:
    """Return sentences about the photos that were compared and the suggestions."""
    of = f"{suggestions.n_labelled:,} with a label" if suggestions.n_labelled else "no photo with a label"
    sentences = [f"{count_photos(suggestions.n_unlabelled)} without a label, compared with {of}."]
    if suggestions.n_left_out:
        n = suggestions.n_left_out
        sentences.append(f"{n:,} {'has' if n == 1 else 'have'} a label already and {_were(n)} left out.")
    if suggestions.n_passed_over:
        n = suggestions.n_passed_over
        it, row = ("it", "its row") if n == 1 else ("them", "their rows")
        sentences.append(
            f"{n:,} {_were(n)} left out because an earlier suggestion has {it} without a label: delete {row} there to "
            f"have {it} suggested again."
        )
    if suggestions.n_identical:
        n = suggestions.n_identical
        sentences.append(
            f"{n:,} {'file is' if n == 1 else 'files are'} identical to another one and {_were(n)} left out."
        )
    kinds = " and ".join(f"{n:,} {name_kind(kind)}" for kind, n in suggestions.counts().items())
    return [*sentences, f"Suggested: {kinds or 'none'}."]


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def _show(path: str) -> str:
    """Return a path as text: a name need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _render(suggestions: Suggestions, path: Path, thumbnails: Mapping[str, str]) -> str:
    folder = os.path.abspath(suggestions.source)  # noqa: PTH100  of several places no path begins with it
    records = [
        {
            "path": _show(shorten_path(one.photo.file, folder)), "file": shorten_path(one.photo.file, None),
            "guess": one.guess, "kind": name_kind(one.kind), "reason": one.reason,
            "thumbnail": thumbnails.get(one.photo.file),
        }
        for one in suggestions.photos
    ]  # fmt: skip
    next_step = (
        f"Write the class of each photo here, save the labels, and move the saved file to {path}. Or write the classes "
        f"into the column label of {path}. Leave it empty for photos that belong to no class. Then train on all "
        f"labels: {suggestions.write_command()}"
    )
    return render_suggestions(
        title=suggestions.source,
        sentences=summarise(suggestions),
        photos=records,
        next_step=next_step,
        labels=suggestions.labels,
        csv_name=path.name,
    )
