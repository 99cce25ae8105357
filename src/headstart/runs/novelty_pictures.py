"""Draw the strangers of the gallery, the strangest own photos, and photos with label sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.catalog.photo import Photo
from headstart.evaluation.words import format_threshold, join_labels
from headstart.pixels.strangers import Stranger, draw_stranger
from headstart.report.figure_style import ACCENT, DARK
from headstart.report.photo_grid import plot_photo_grid
from headstart.runs.run_pictures import PictureFolder, read_for_grid

if TYPE_CHECKING:
    from PIL import Image

N_COLUMNS, SMALL_PX = 5, 143  # of the gallery, as wide as three columns of the other pictures
FRAME = 200  # grey
MAX_SET = 4  # labels of a set in a title


def draw_novelty(pictures: PictureFolder, record: Mapping[str, Any], depth: int) -> None:
    """Draw what the record ``novelty`` of metrics.json names: a stranger of each kind, and the strangest own photos."""
    if record.get("strangers"):
        caption = (
            "Strangers of the gallery: of each kind the image that is the least strange, with its novelty and how many "
            "of the kind are refused."
        )
        pictures.add("strangers", partial(_draw_strangers, record["strangers"]["kinds"]), caption)
    shown = record["strangest"]
    if shown:
        titles = [f"{row['label']}\nnovelty {format_threshold(row['novelty'])}, {row['split']}" for row in shown]
        colours = [ACCENT if row["novelty"] <= record["refuse"] else DARK for row in shown]
        red = "The red ones are refused. " if ACCENT in colours else ""
        caption = f"The strangest own photos. {red}Do they belong to their classes? In this order: {_name(shown)}."
        pictures.add("strangest_photos", partial(_draw_photos, shown, titles, colours, depth), caption)


def draw_label_sets(pictures: PictureFolder, record: Mapping[str, Any] | None, depth: int) -> None:
    """Draw the ``examples`` of the record ``label_sets`` of metrics.json."""
    if not record or not record["examples"]:
        return
    examples = record["examples"]
    titles = [f"{join_labels(row['set'], MAX_SET)}\nLabel: {row['label']}" for row in examples]
    caption = f"Photos with several labels at {100 * examples[0]['level']:g}%. In this order: {_name(examples)}."
    draw = partial(_draw_photos, examples, titles, [DARK] * len(examples), depth)
    pictures.add("label_sets", draw, caption)


def _draw_strangers(kinds: Sequence[Mapping[str, Any]]) -> Image.Image:
    images, titles = [], []
    for row in kinds:
        least = row["least_strange"]
        image = draw_stranger(Stranger(row["kind"], least["number"]), SMALL_PX)
        image[[0, -1]] = image[:, [0, -1]] = FRAME  # else a white image is not seen on white
        images.append(image)
        counted = f"{row['n_refused']} of {row['n']} refused"
        titles.append(f"{row['kind']}\nnovelty {format_threshold(least['novelty'])}\n{counted}")
    colours = [DARK if row["n_refused"] == row["n"] else ACCENT for row in kinds]
    return plot_photo_grid(images, titles, n_columns=N_COLUMNS, cell_px=SMALL_PX, colours=colours)


def _draw_photos(
    rows: Sequence[Mapping[str, Any]], titles: Sequence[str], colours: Sequence[str], depth: int
) -> Image.Image:
    photos = [Photo(row["path"], row["label"], digest="", split=None) for row in rows]
    return plot_photo_grid([read_for_grid(photo, depth) for photo in photos], titles, colours=colours)


def _name(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{row['label']}/{Path(row['path']).name}" for row in rows)
