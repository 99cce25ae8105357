"""Write what a training found: the files of a run folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.catalog.table import Catalog
from headstart.evaluation.report import Figured, ReportContent, render_report
from headstart.head.history import Epoch
from headstart.training.judging import Judged, write_predictions
from headstart.training.pictures import draw_metric_pictures, draw_photo_pictures

# the order in which the report shows them: first what was answered, then how good, then what went in
ORDER = ("predictions.png", "mistakes.png", "confusion.png", "per_class.png", "reliability.png", "history.png",
         "training_photos.png", "views.png")  # fmt: skip


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
    figures = folder / "figures"
    figures.mkdir()
    captions = _draw_pictures(figures, outcome)
    outcome.note_time("report")
    content = ReportContent(
        title=Path(outcome.catalog.source).resolve().name,
        metrics=outcome.metrics,
        figures={
            name.removesuffix(".png"): Figured(captions[name], (figures / name).read_bytes())
            for name in ORDER
            if name in captions
        },
        counts=outcome.catalog.counts(),
    )
    (folder / "report.html").write_text(render_report(content), encoding="utf-8")
    text = json.dumps(outcome.metrics, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")


def _draw_pictures(folder: Path, outcome: Outcome) -> dict[str, str]:
    metrics = outcome.metrics
    # a catalog without a test set is judged on what there is
    shown = next(split for split in ("test", "validation", "train") if metrics[split] is not None)
    train = outcome.judged["train"].rows.photos
    photo_captions = draw_photo_pictures(
        folder, train, outcome.judged[shown], metrics["classes"], seed=metrics["seed"], n_views=metrics["views"]
    )
    return photo_captions | draw_metric_pictures(folder, outcome.history, metrics[shown], metrics["head"])


def _write_history(path: Path, history: Sequence[Epoch]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Data", "Epoch", "Accuracy", "Loss"])
        writer.writerows([row.data, row.epoch, f"{row.accuracy:.6f}", f"{row.loss:.6f}"] for row in history)
