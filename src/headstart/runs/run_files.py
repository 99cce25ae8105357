"""Write what a training found: the files of a run folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.catalog.catalog import Catalog
from headstart.classifier.file import ClassifierFile
from headstart.classifier.heat_maps import Explainer
from headstart.head.history import Epoch
from headstart.methods.split_metrics import Judged, write_predictions
from headstart.pixels.views import View
from headstart.report.chart_process import Artist
from headstart.report.model_card import write_model_card
from headstart.report.page import Figured, ReportContent, render_report
from headstart.report.preloading import prepare_page
from headstart.runs.run_pictures import PictureFolder, draw_answers, draw_training_photos

if TYPE_CHECKING:
    from headstart.report.charts import HistoryRow


@dataclass(frozen=True)
class Outcome:
    """Everything a training found, before any of it is on disk.

    Attributes
    ----------
    metrics
        As metrics.json has it.
    model
        The classifier file.
    note_time
        Called with the name of a step when it ends.
    views, n_symmetric
        What training saw of each photo, as `draw_training_photos` takes them.
    """

    catalog: Catalog
    metrics: dict[str, Any]
    history: Sequence[Epoch]
    judged: dict[str, Judged]
    model: ClassifierFile
    note_time: Callable[[str], None]
    views: Sequence[View] | None = None
    n_symmetric: int = 1


def begin_charts(folder: Path, metrics: dict[str, Any], history: Sequence[Epoch], artist: Artist) -> None:
    """Have the artist begin with the charts of a run, which need its metrics and curves and nothing else."""
    (folder / "figures").mkdir()
    artist.begin(_list_history(history), metrics[_choose_split(metrics)], folder / "figures")


def write_run(folder: Path, outcome: Outcome, artist: Artist) -> None:
    """Write model.onnx, the tables, the figures, the report, the model card and metrics.json into a folder.

    The artist has begun with the charts (`begin_charts`). This thread shows the photos, one grid after the other;
    beside it run the imports and the encoding of images, most of which leaves Python free. More threads were tried and
    only wait for each other.
    """
    metrics = outcome.metrics
    with ThreadPoolExecutor(2, thread_name_prefix="headstart-writing") as pool:
        pictures = PictureFolder(folder / "figures", pool)
        beside: list[Future[Any]] = [pool.submit(prepare_page), pool.submit(artist.prepare)]
        beside.append(pool.submit((folder / "model.onnx").write_bytes, outcome.model.data))
        _draw_photos(pictures, outcome)
        outcome.catalog.write_csv(folder / "catalog.csv")
        write_predictions(folder / "predictions.csv", outcome.judged, metrics["classes"])
        _write_history(folder / "history.csv", outcome.history)
        for done in beside:
            done.result()
        figures = pictures.collect()
        captions = _write_captions(metrics["head"], has_start=any(row.epoch == 0 for row in outcome.history))
        figures |= {name: Figured(captions[name], image) for name, image in artist.finish().items()}
    outcome.note_time("report")
    content = ReportContent(
        title=Path(outcome.catalog.source).resolve().stem,
        metrics=outcome.metrics,
        figures=figures,
        catalog_summary=_count_rows(outcome.catalog),
    )
    (folder / "report.html").write_text(render_report(content), encoding="utf-8", errors="replace")
    card = write_model_card(outcome.metrics, content.title)
    (folder / "README.md").write_text(card, encoding="utf-8", errors="replace")
    text = json.dumps(outcome.metrics, indent=2, allow_nan=False)  # in ASCII: a path may not be UTF-8
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")


def _choose_split(metrics: dict[str, Any]) -> str:
    """Return the split to show: a catalog without a test set is judged on what there is."""
    return next(split for split in ("test", "validation", "train") if metrics[split] is not None)


def _draw_photos(pictures: PictureFolder, outcome: Outcome) -> None:
    metrics, split = outcome.metrics, _choose_split(outcome.metrics)
    judged = outcome.judged[split]
    draw_answers(pictures, split, judged, metrics["classes"], metrics["seed"], explainer=Explainer(outcome.model))
    train = outcome.judged["train"].rows.photos
    draw_training_photos(
        pictures, train, metrics["seed"], metrics["views"], views=outcome.views, n_symmetric=outcome.n_symmetric
    )


def _list_history(history: Sequence[Epoch]) -> list[HistoryRow]:
    return [(row.data, row.epoch, row.accuracy, row.loss) for row in history]


def _write_captions(head: str, *, has_start: bool) -> dict[str, str]:
    epochs = "an iteration of the solver" if head == "logistic" else "one pass over the training photos"
    if has_start:
        epochs += ", and at 0 is what training began with"
    return {
        "history": f"Accuracy and loss by epoch; an epoch is {epochs}.",
        "confusion_matrix": "What was taken for what: rows are labels, columns predictions.",
        "per_class": "The share of each class that was found (recall), with its 95% interval.",
        "reliability": "When it says 90%, is it right nine times in ten? On the diagonal it is.",
    }


def _count_rows(catalog: Catalog) -> list[dict[str, Any]]:
    counts = catalog.counts()
    labels = sorted({label for split in counts.values() for label in split})
    return [{"label": label, **{split: counts[split].get(label, 0) for split in counts}} for label in labels]


def _write_history(path: Path, history: Sequence[Epoch]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Data", "Epoch", "Accuracy", "Loss"])
        writer.writerows([row.data, row.epoch, f"{row.accuracy:.6f}", f"{row.loss:.6f}"] for row in history)
