"""``headstart similar``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headstart.cli.options import (
    PATH,
    backbone_option,
    depth_option,
    image_size_option,
    json_option,
    layout_option,
)
from headstart.cli.printing import print_json, print_line, say
from headstart.process.terminal_text import escape_name

if TYPE_CHECKING:
    from headstart.inspection.similar import SimilarPhoto

N_COLUMNS, CELL_PX = 5, 160


@click.command(short_help="Find the photos that are most similar to one.")
@click.argument("photo", type=PATH, metavar="PHOTO")
@click.argument("data", type=PATH, metavar="DATA")
@click.option("--n", type=click.IntRange(min=1), default=9, metavar="N", help="Number of photos to list.")
@click.option("--grid", type=PATH, help="PNG file for a grid of the photo and those that are similar.")
@backbone_option
@image_size_option
@depth_option
@layout_option
@click.option("--cache/--no-cache", default=True, help="Read and write features in the user's cache.")
@click.option(
    "--label-column", metavar="NAME", help="Column of a table that has the class.  [default: found by its name]"
)
@click.option(
    "--path-column", metavar="NAME", help="Column of a table that has the photo's path.  [default: found by its name]"
)
@json_option()
def similar(photo: Path, data: Path, n: int, grid: Path | None, as_json: bool, **options: Any) -> None:
    """Find the photos of a set that are most similar to a photo, by the cosine of their features.

    PHOTO is a photo file, in the set or not. DATA is a folder of labelled photos, or a CSV, as for train. All photos of
    the set are compared. Features that train or this command computed are read from the cache; audit computes others.
    """
    from headstart.inspection.similar import find_similar
    from headstart.report.figure_file import check_picture_path

    if grid is not None:
        check_picture_path(grid)
    found = find_similar(photo, n, photos=data, **options)
    if as_json:
        print_json({"schema": 1, "photo": str(photo), "similar": [one.to_dict() for one in found]})
    else:
        width = max((len(one.photo.label) for one in found), default=0)
        for one in found:
            same = "  (the same bytes)" if one.is_identical else ""
            print_line(f"{one.cosine:6.3f}  {one.photo.label:<{width}}  {escape_name(one.photo.file)}{same}")
    if not found:
        say("No similar photo was found: there is no other photo in the set.")
    if grid is not None:
        _draw_grid(photo, found, grid, options["depth"])


def _draw_grid(photo: Path, found: list[SimilarPhoto], path: Path, depth: int) -> None:
    from headstart.pixels.decode import read_thumbnail
    from headstart.report.figure_file import save_png
    from headstart.report.photo_grid import plot_photo_grid

    paths = [photo, *(one.photo.path for one in found)]
    titles = [
        f"the photo\n{photo.name}",
        *(f"{one.photo.label} {one.cosine:.2f}\n{one.photo.path.name}" for one in found),
    ]
    thumbnails = [read_thumbnail(one, CELL_PX, depth=depth) for one in paths]
    columns = min(len(paths), N_COLUMNS)
    save_png(plot_photo_grid(thumbnails, titles, n_columns=columns, cell_px=CELL_PX), path)
    say(f"Grid: {path}")
