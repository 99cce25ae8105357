"""Draw the first photos of a run to look at, with their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.catalog.photo import Photo
from headstart.report.figure_style import ACCENT
from headstart.report.photo_grid import plot_photo_grid
from headstart.runs.run_pictures import PictureFolder, read_for_grid

UNREADABLE = "unreadable"


def draw_photos_to_look_at(pictures: PictureFolder, record: Mapping[str, Any], depth: int = 16) -> None:
    """Draw the first photo of each finding of ``first`` in the record ``photos_to_look_at`` of metrics.json.

    Files that cannot be read are left out. Nothing is drawn if no finding is left.
    """
    shown = [finding for finding in record["first"] if finding["kind"] != UNREADABLE]
    if not shown:
        return
    photos = [Photo(finding["photos"][0], finding["label"] or "", digest="", split=None) for finding in shown]
    image = plot_photo_grid(
        [read_for_grid(photo, depth) for photo in photos], [_write_title(finding) for finding in shown],
        colours=[ACCENT] * len(shown),
    )  # fmt: skip
    first = "The first photo to look at" if len(shown) == 1 else "The first photos to look at"
    names = ", ".join(f"{photo.label}/{photo.path.name}" if photo.label else photo.path.name for photo in photos)
    pictures.add("photos_to_look_at", image, f"{first}, with the label, and what may be wrong. In this order: {names}.")


def _write_title(finding: Mapping[str, Any]) -> str:
    label = finding["label"] or "no label"
    if finding["suggested"]:
        return f"{label}, perhaps {finding['suggested']}"
    return f"{label}: {finding['kind'].replace('_', ' ')}"
