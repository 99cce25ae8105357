"""Read the tables of a run folder, catalog.csv and predictions.csv, as training wrote them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headstart.catalog.photo import SPLITS, Photo
from headstart.errors import RunError
from headstart.storage.spreadsheet_cells import restore_cell

PREFIX = "probability of "


@dataclass(frozen=True)
class Answer:
    """What the classifier of a run answers for a photo, by its working point if it has one.

    With more than 50 classes, only some have a probability.
    """

    label: str
    probabilities: dict[str, float]


def read_run_photos(folder: Path) -> tuple[Photo, ...]:
    """Return the rows of catalog.csv. `Photo.file` is the path as it stands there.

    Raises
    ------
    RunError
        If the table is missing or damaged.
    """
    photos = []
    with _explain_damage(folder / "catalog.csv"):
        for row in _read_rows(folder / "catalog.csv"):
            if row["split"] not in ("", *SPLITS):
                raise ValueError(row["split"])
            bytes.fromhex(row["digest"])
            photo = Photo(
                row["path"], row["label"], digest=row["digest"], split=row["split"] or None,
                group=row.get("group") or None, weight=float(row.get("weight", 1)),
                near_copies=row.get("near_copies") or None, is_drawn=row.get("drawn") == "yes",
            )  # fmt: skip
            photos.append(photo)
        if not photos:
            raise ValueError("no photos")
    return tuple(photos)


def read_answers(folder: Path) -> dict[str, Answer]:
    """Return the answers in predictions.csv, by the path of the photo.

    Raises
    ------
    RunError
        If the table is missing or damaged.
    """
    answers = {}
    with _explain_damage(folder / "predictions.csv"):
        for row in _read_rows(folder / "predictions.csv"):
            named = {name.removeprefix(PREFIX): float(text) for name, text in row.items() if name.startswith(PREFIX)}
            if "prediction 2" in row:  # of many classes, the most probable ones
                named = {
                    row["label"]: float(row["probability of the label"]),
                    row["prediction"]: float(row["probability"]),
                }
            answers[row["path"]] = Answer(row.get("answer", row["prediction"]), named)
    return answers


def _read_rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        for row in csv.DictReader(file, strict=True):
            yield {restore_cell(name): restore_cell(text) for name, text in row.items()}


@contextmanager
def _explain_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"Cannot read '{path}': {error.strerror or type(error).__name__}. Give a folder that training wrote.",
            path=path,
        ) from None
    except (ValueError, LookupError, TypeError, AttributeError, csv.Error):
        raise RunError(
            f"Cannot read '{path}': got a damaged or edited file, need the one that training wrote. Restore it.",
            path=path,
        ) from None
