"""Write the files of a run folder.

Which code makes the content of each file:

    model.onnx         `classifier.build`
    catalog.csv        `Catalog.write_csv`, a row per photo
    predictions.csv    `methods.split_metrics`, a row per photo
    near_copies.csv    `near_copy_files`, a row per pair, if near copies were searched for
    history.csv        `_write_history` below, a row per epoch
    figures/           `run_pictures` and its like draw photos, `report.charts` the charts, in a second process
    report.html        `report.page`
    README.md          `report.model_card`
    metrics.json       `run_description` gives the settings, `methods.split_metrics` the measures,
                       `inspection.training_findings` the photos to look at
    notes.json         `run_notes`
    run.json           `run_record`
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.classifier.file import ClassifierFile
from headstart.classifier.heat_maps import Explainer
from headstart.classifier.summary import describe_network, summarise_classifier
from headstart.evaluation.confusion import MAX_WHOLE, N_CONFUSED
from headstart.evaluation.curves import MAX_CURVES
from headstart.evaluation.notes import Note
from headstart.evaluation.verdict import HEADLINE_ORDER
from headstart.features.near_copy_groups import NearCopies
from headstart.head.history import Epoch
from headstart.methods.split_metrics import SplitPredictions, write_predictions
from headstart.pixels.views import View
from headstart.report.chart_process import ChartDrawer
from headstart.report.model_card import write_model_card
from headstart.report.page import ReportContent, ReportFigure, render_report
from headstart.report.preloading import preload_page_modules
from headstart.runs.growth_pictures import draw_growth
from headstart.runs.near_copy_files import FILE_NAME, draw_near_copies, write_near_copies
from headstart.runs.novelty_pictures import draw_label_sets, draw_novelty
from headstart.runs.photos_to_look_at import draw_photos_to_look_at
from headstart.runs.run_pictures import PictureFolder, draw_answers, draw_training_photos


@dataclass(frozen=True, kw_only=True)
class RunContents:
    """All results of a training, before they are written.

    Attributes
    ----------
    metrics
        Content of metrics.json.
    record
        Content of run.json.
    history
        Rows of history.csv.
    predictions
        Predictions by split.
    note_time
        Function that takes the name of a step when the step ends, and updates ``metrics["seconds"]``.
    near_copies
        Near copies among the photos, or None if they were not searched for.
    views, n_symmetric
        Views of each photo in training, as `draw_training_photos` takes them.
    """

    catalog: Catalog
    metrics: dict[str, Any]
    record: dict[str, Any]
    history: Sequence[Epoch]
    predictions: dict[str, SplitPredictions]
    notes: Sequence[Note]
    model: ClassifierFile
    note_time: Callable[[str], None]
    near_copies: NearCopies | None = None
    views: Sequence[View] | None = None
    n_symmetric: int = 1

    @property
    def photos(self) -> dict[str, Photo]:
        """The photos by digest."""
        return {photo.digest: photo for photo in self.catalog.photos}


def begin_charts(folder: Path, metrics: dict[str, Any], history: Sequence[Epoch], drawer: ChartDrawer) -> None:
    """Request the charts of a run as soon as its metrics and history are known; `write_run` collects them."""
    (folder / "figures").mkdir()
    rows = [(row.data, row.epoch, row.accuracy, row.loss) for row in history]
    judged = metrics[_choose_split(metrics)] | {
        name: metrics.get(name) for name in ("repeats", "working_points", "forecast")
    }
    drawer.begin(rows, judged, folder / "figures")


def write_run(folder: Path, contents: RunContents, drawer: ChartDrawer) -> None:
    """Write all files of a run into a folder; `begin_charts` has requested the charts from the same drawer.

    This thread lays out the grids of photos. Two threads beside it import modules and encode images, which mostly
    runs without Python's lock. More threads were tried: they only wait for each other.
    """
    metrics, photo_folder = contents.metrics, contents.record["photos"]["folder"]
    with ThreadPoolExecutor(2, thread_name_prefix="headstart-writing") as pool:
        pictures = PictureFolder(folder / "figures", pool)
        beside: list[Future[Any]] = [pool.submit(preload_page_modules), pool.submit(drawer.prepare)]
        beside.append(pool.submit((folder / "model.onnx").write_bytes, contents.model.data))
        _draw_photos(pictures, contents)
        contents.catalog.write_csv(folder / "catalog.csv", photo_folder)
        write_predictions(
            folder / "predictions.csv",
            contents.predictions,
            metrics["classes"],
            photo_folder,
            contents.model.metadata.decision,
        )
        if contents.near_copies is not None:
            write_near_copies(folder / FILE_NAME, contents.near_copies, contents.photos, photo_folder)
        _write_history(folder / "history.csv", contents.history)
        for done in beside:
            done.result()
        figures = pictures.collect()
        has_start = any(row.epoch == 0 for row in contents.history)
        captions = _write_captions(metrics, has_start=has_start)
        figures |= {name: ReportFigure(captions[name], image) for name, image in drawer.finish().items()}
    contents.note_time("report")
    content = ReportContent(
        title=_write_title(contents.catalog),
        metrics=metrics,
        figures=figures,
        catalog_summary=_count_rows(contents.catalog),
        notes=contents.notes,
        network=describe_network(summarise_classifier(contents.model)),
    )
    (folder / "report.html").write_text(render_report(content), encoding="utf-8", errors="replace")
    card = write_model_card(metrics, content.title)
    (folder / "README.md").write_text(card, encoding="utf-8", errors="replace")
    _write_json(folder / "notes.json", [note.to_record() for note in contents.notes])
    _write_json(folder / "run.json", contents.record)
    _write_json(folder / "metrics.json", metrics)


def _write_title(catalog: Catalog) -> str:
    return " + ".join(Path(source).resolve().stem for source in catalog.sources or [catalog.source])


def _write_json(path: Path, value: Any) -> None:
    path.write_text(_format_json(value) + "\n", encoding="utf-8")  # in ASCII: a path may not be UTF-8


def _format_json(value: Any, margin: str = "") -> str:
    """Return JSON with one line for each innermost list or object: one for each number would double the file."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    if not any(isinstance(part, dict | list | tuple) for part in inner):
        return json.dumps(value, allow_nan=False)
    names = [json.dumps(str(name)) + ": " for name in value] if isinstance(value, dict) else [""] * len(value)
    lines = [f"{margin}  {name}{_format_json(part, margin + '  ')}" for name, part in zip(names, inner, strict=True)]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, ",\n".join(lines), margin + closing])


def _choose_split(metrics: dict[str, Any]) -> str:
    """Return the split that the figures show: test, or without a test split validation, or train."""
    return next(split for split in HEADLINE_ORDER if metrics[split] is not None)


def _draw_photos(pictures: PictureFolder, contents: RunContents) -> None:
    metrics, split = contents.metrics, _choose_split(contents.metrics)
    draw_answers(
        pictures, contents.predictions[split], split=split, labels=metrics["classes"], seed=metrics["seed"],
        depth=metrics["depth"], explainer=Explainer(contents.model),
    )  # fmt: skip
    draw_training_photos(
        pictures, contents.predictions["train"].features.photos, seed=metrics["seed"], n_views=metrics["views"],
        depth=metrics["depth"], views=contents.views, n_symmetric=contents.n_symmetric,
    )  # fmt: skip
    if contents.near_copies is not None:
        draw_near_copies(pictures, contents.near_copies, contents.photos, metrics["depth"])
    draw_photos_to_look_at(pictures, metrics["photos_to_look_at"], metrics["depth"])
    draw_novelty(pictures, metrics["novelty"], metrics["depth"])
    draw_label_sets(pictures, metrics["label_sets"], metrics["depth"])
    draw_growth(pictures, metrics.get("growth"), metrics["depth"])


def _write_captions(metrics: dict[str, Any], *, has_start: bool) -> dict[str, str]:
    n_classes = len(metrics["classes"])
    epochs = (
        "an iteration of the solver" if metrics["head"].startswith("logistic") else "one pass over the training photos"
    )
    if has_start:
        epochs += "; epoch 0 is before training"
    few = f", of the {N_CONFUSED} classes with the most mistakes" if n_classes > MAX_WHOLE else ""
    return {
        "history": f"Accuracy and loss by epoch; an epoch is {epochs}.",
        "confusion_matrix": f"Number of photos by label (row) and prediction (column){few}.",
        "per_class": "Recall of each class: the share of its photos that were found, with the 95% interval.",
        "curves": _explain_curves(n_classes, metrics["working_points"]),
        "reliability": "Accuracy by confidence, and the number of photos. The dashed line is perfect calibration.",
        "forecast": "Accuracy by the number of photos, all splits together. The filled point is cross-validation; the "
        "line is the forecast, and four of five times the accuracy should be in the band. The circles are heads that "
        "learned from fewer photos, moved to the level of the filled point: the forecast takes its slope from them.",
        "repeats": "Test accuracy on each split, their mean, and that of this run; bars are 95% intervals.",
    }


def _explain_curves(n_classes: int, working_points: Sequence[Mapping[str, Any]]) -> str:
    few = f" The {MAX_CURVES} classes with the lowest recall are shown." if n_classes > MAX_CURVES else ""
    names = [f"'{point['label']}'" for point in working_points if (point["test"] or point)["recall"] is not None]
    if names:
        circle = "The circle is the working point" if len(names) == 1 else "The circles are the working points"
        few += f" {circle} of {' and '.join(names)}."
    return (
        "Each class against the rest, for all thresholds of its probability. Left: recall by false alarms, the share "
        "of photos of other classes that get this class. Right: precision by recall. The numbers are the area under "
        f"the ROC curve and the average precision; 1 is perfect.{few}"
    )


def _count_rows(catalog: Catalog) -> list[dict[str, Any]]:
    counts = catalog.counts()
    labels = sorted({label for split in counts.values() for label in split})
    return [{"label": label, **{split: counts[split].get(label, 0) for split in counts}} for label in labels]


def _write_history(path: Path, history: Sequence[Epoch]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Data", "Epoch", "Accuracy", "Loss"])
        writer.writerows([row.data, row.epoch, f"{row.accuracy:.6f}", f"{row.loss:.6f}"] for row in history)
