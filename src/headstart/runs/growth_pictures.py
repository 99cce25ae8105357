"""Draw photos whose answer is another one than that of the earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.catalog.photo import Photo
from headstart.report.figure_style import ACCENT, DARK
from headstart.report.photo_grid import plot_photo_grid
from headstart.runs.run_pictures import PictureFolder, read_for_grid

N_DRAWN = 9


def draw_growth(pictures: PictureFolder, record: Mapping[str, Any] | None, depth: int) -> None:
    """Draw the first of ``other_answers`` of the record ``growth``: lost ones first, wrong answers in red.

    Nothing is drawn without a record, or if all answers are the same.
    """
    rows = [] if record is None else sorted(record["other_answers"], key=lambda row: row["before"] != row["label"])
    if not rows:
        return
    shown = rows[:N_DRAWN]
    images = [read_for_grid(Photo(row["path"], row["label"], digest="", split=None), depth) for row in shown]
    titles = [f"{row['before']}, now {row['after']}\nLabel: {row['label']}" for row in shown]
    colours = [DARK if row["after"] == row["label"] else ACCENT for row in shown]
    names = ", ".join(f"{row['label']}/{Path(row['path']).name}" for row in shown)
    caption = f"Photos with another answer than before; wrong ones are red. In this order: {names}."
    pictures.add("other_answers", plot_photo_grid(images, titles, colours=colours), caption)
