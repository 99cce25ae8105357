"""Write what a training found: the files of a run folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.catalog.table import Catalog
from headstart.evaluation.report import ReportContent, render_report
from headstart.head.history import Epoch
from headstart.training.judging import Judged, write_predictions
from headstart.training.pictures import PictureFolder, draw_answers, draw_charts, draw_training_photos


@dataclass(frozen=True)
class Outcome:
    """Everything a training found, before any of it is on disk.

    Attributes
    ----------
    metrics
        As metrics.json has it.
    model
        The classifier file's bytes.
    note_time
        Called with the name of a step when it ends.
    """

    catalog: Catalog
    metrics: dict[str, Any]
    history: Sequence[Epoch]
    judged: dict[str, Judged]
    model: bytes
    note_time: Callable[[str], None]


def write_run(folder: Path, outcome: Outcome) -> None:
    """Write model.onnx, the tables, the figures, the report and metrics.json into an empty folder."""
    labels = outcome.metrics["classes"]
    (folder / "model.onnx").write_bytes(outcome.model)
    outcome.catalog.write_csv(folder / "catalog.csv")
    write_predictions(folder / "predictions.csv", outcome.judged, labels)
    _write_history(folder / "history.csv", outcome.history)
    pictures = _draw_pictures(PictureFolder(folder / "figures"), outcome)
    outcome.note_time("report")
    content = ReportContent(
        title=Path(outcome.catalog.source).resolve().stem,
        metrics=outcome.metrics,
        figures=pictures.drawn,
        catalog_summary=_count_rows(outcome.catalog),
    )
    (folder / "report.html").write_text(render_report(content), encoding="utf-8", errors="replace")
    text = json.dumps(outcome.metrics, indent=2, allow_nan=False)  # in ASCII: a path may not be UTF-8
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")


def _draw_pictures(pictures: PictureFolder, outcome: Outcome) -> PictureFolder:
    metrics = outcome.metrics
    # a catalog without a test set is judged on what there is
    split = next(split for split in ("test", "validation", "train") if metrics[split] is not None)
    draw_answers(pictures, split, outcome.judged[split], metrics["classes"], metrics["seed"])
    draw_charts(pictures, outcome.history, metrics[split], metrics["head"])
    draw_training_photos(pictures, outcome.judged["train"].rows.photos, metrics["seed"], metrics["views"])
    return pictures


def _count_rows(catalog: Catalog) -> list[dict[str, Any]]:
    counts = catalog.counts()
    labels = sorted({label for split in counts.values() for label in split})
    return [{"label": label, **{split: counts[split].get(label, 0) for split in counts}} for label in labels]


def _write_history(path: Path, history: Sequence[Epoch]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Data", "Epoch", "Accuracy", "Loss"])
        writer.writerows([row.data, row.epoch, f"{row.accuracy:.6f}", f"{row.loss:.6f}"] for row in history)
