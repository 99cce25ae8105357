"""Write the near copies of a run: a table of all pairs, and pictures of some."""

from __future__ import annotations

import csv
from pathlib import Path

from headstart.catalog.photo import Photo
from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import NearCopies
from headstart.report.figure_style import ACCENT, DARK
from headstart.report.photo_grid import plot_photo_grid
from headstart.runs.run_pictures import PictureFolder, read_for_grid
from headstart.storage.photo_folder import shorten_path
from headstart.storage.spreadsheet_cells import guard_cell

FILE_NAME = "near_copies.csv"
N_SHOWN = 12  # pairs in the picture
HEADER = ["path", "other path", "split", "other split", "label", "other label", "correlation", "cosine", "kind"]


def write_near_copies(path: Path, near_copies: NearCopies, photos: dict[str, Photo], folder: str | None) -> None:
    """Write a row for each pair, in the order of `sort_pairs`. Paths are relative to ``folder`` if they are in it."""
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for pair in sort_pairs(near_copies, photos):
            one, other = photos[pair.first], photos[pair.second]
            paths = [shorten_path(photo.file, folder) for photo in (one, other)]
            names = [*paths, one.split, other.split, one.label, other.label]
            numbers = [f"{pair.correlation:.4f}", "" if pair.cosine is None else f"{pair.cosine:.4f}"]
            writer.writerow([*(guard_cell(str(name)) for name in names), *numbers, pair.kind])


def sort_pairs(near_copies: NearCopies, photos: dict[str, Photo]) -> list[CopyPair]:
    """Return the pairs whose photos are both there: pairs across splits first, then the strongest."""
    found = [pair for pair in near_copies.pairs if pair.first in photos and pair.second in photos]
    return sorted(found, key=lambda pair: photos[pair.first].split == photos[pair.second].split)


def draw_near_copies(
    pictures: PictureFolder, near_copies: NearCopies, photos: dict[str, Photo], depth: int = 16
) -> None:
    """Draw up to 12 pairs side by side, two pairs in a row; nothing if there is none."""
    pairs = sort_pairs(near_copies, photos)
    shown = [photos[digest] for pair in pairs[:N_SHOWN] for digest in (pair.first, pair.second)]
    if not shown:
        return
    colours = [
        DARK if photos[pair.first].split == photos[pair.second].split else ACCENT
        for pair in pairs[:N_SHOWN]
        for _ in "ab"
    ]
    titles = [f"{photo.split}: {photo.label}" for photo in shown]
    image = plot_photo_grid(
        [read_for_grid(photo, depth) for photo in shown], titles, n_columns=4, cell_px=182, colours=colours
    )
    more = f" {FILE_NAME} lists all {len(pairs):,}." if len(pairs) > N_SHOWN else ""
    pictures.add("near_copies", image, f"Pairs of near copies, side by side, with their splits and labels.{more}")
