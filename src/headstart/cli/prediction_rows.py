"""The answers of ``headstart predict`` as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.cli.printing import print_line
from headstart.evaluation.words import join_labels
from headstart.process.terminal_text import escape_name
from headstart.storage.spreadsheet_cells import guard_cell

if TYPE_CHECKING:
    from headstart.classifier.prediction import Prediction

SEPARATOR = "|"  # of the labels of a set in CSV
# columns of what the rules make of the probabilities; last, because programs count on the places of the others
RULED = ("answer", "novelty", "is_known", "label_set")


def print_table(predictions: Iterator[Prediction], paths: list[Path], top: int) -> None:
    """Print a line for each photo of ``paths``, with its ``top`` most probable classes."""
    width = max(len(escape_name(str(path))) for path in paths)
    for prediction in predictions:
        if prediction.error is not None:
            is_told = prediction.error.startswith("cannot be ")
            line = prediction.error if is_told else f"cannot be read: {prediction.error}"
        else:
            line = _write_answer(prediction, top)
            line += f"  ({prediction.decided_by})" if prediction.decided_by else ""
            line += f"  (a part may be garbled: {prediction.warning})" if prediction.warning else ""
        print_line(f"{escape_name(str(prediction.path)):<{width}}  {line}")


def _write_answer(prediction: Prediction, top: int) -> str:
    """Write the answer of a photo: its classes with their probabilities, its label set, or none of these."""
    ranked = [f"{label} {probability:.1%}" for label, probability in prediction.top(top)]
    if not prediction.is_known:
        return f"{prediction.answer}  (nearest: {ranked[0]})"
    if prediction.label_set is not None:
        return f"{join_labels(prediction.label_set)}  ({', '.join(ranked)})"
    return "  ".join(ranked)


def print_csv(predictions: Iterator[Prediction], labels: Sequence[str], top: int | None) -> None:
    """Print a row for each photo, with the probabilities of all classes, or the ``top`` most probable classes."""
    columns = [f"probability of {label}" for label in labels]
    if top is not None:
        places = range(2, min(top, len(labels)) + 1)  # the first class is in the columns label and probability
        columns = [f"{name} {place}" for place in places for name in ("label", "probability")]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    columns = [guard_cell(column) for column in columns]
    writer.writerow(["path", "label", "probability", *columns, "error", "warning", "decided_by", *RULED])
    for prediction in predictions:
        values: list[str] = [""] * len(columns)
        if prediction.error is None and top is not None:
            values = [text for name, p in prediction.top(top)[1:] for text in (guard_cell(name), f"{p:.6f}")]
        elif prediction.error is None:
            values = [f"{prediction.probabilities[label]:.6f}" for label in labels]
        probability = "" if prediction.probability is None else f"{prediction.probability:.6f}"
        texts = [prediction.label, prediction.error, prediction.warning, prediction.decided_by]
        path, label, error, warning, decided_by = map(
            guard_cell, [str(prediction.path), *(text or "" for text in texts)]
        )
        ruled = _write_ruled(prediction)
        writer.writerow([path, label, probability, *values, error, warning, decided_by, *ruled])


def _write_ruled(prediction: Prediction) -> list[str]:
    if prediction.error is not None:
        return [""] * len(RULED)
    labels = guard_cell(SEPARATOR.join(prediction.label_set or ()))
    novelty = "" if prediction.novelty is None else f"{prediction.novelty:.6f}"
    return [guard_cell(prediction.answer or ""), novelty, "true" if prediction.is_known else "false", labels]


def make_record(prediction: Prediction, top: int) -> dict[str, Any]:
    """Return a prediction in plain JSON types, with its ``top`` most probable classes."""
    return {
        "path": str(prediction.path),
        "label": prediction.label,
        "probability": prediction.probability,
        "answer": prediction.answer,
        "novelty": prediction.novelty,
        "is_known": prediction.is_known if prediction.error is None else None,
        "label_set": None if prediction.label_set is None else list(prediction.label_set),
        "top": [{"label": label, "probability": probability} for label, probability in prediction.top(top)],
        "error": prediction.error,
        "warning": prediction.warning,
        "decided_by": prediction.decided_by,
    }
