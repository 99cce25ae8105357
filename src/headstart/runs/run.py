"""The class Run: the folder that one training writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.classifier.classifier import Classifier, load_classifier
from headstart.errors import RunError
from headstart.evaluation.notes import Note, parse_note
from headstart.storage.photo_folder import join_folder, read_photo_folder
from headstart.storage.spreadsheet_cells import restore_cell

if TYPE_CHECKING:
    import pandas as pd


class Run:
    """The results of one training, read from its run folder.

    Parameters
    ----------
    folder
        Run folder.

    Raises
    ------
    RunError
        If ``folder`` is not a run folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / "metrics.json").is_file():
            found = "it has no metrics.json" if self.folder.is_dir() else "it is no folder"
            if not self.folder.exists():
                found = "it does not exist"
            raise RunError(f"Cannot open run '{folder}': {found}. Give a folder that training wrote.", path=folder)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Content of metrics.json, read once."""
        with self._explain_damage("metrics.json"):
            record: dict[str, Any] = dict(json.loads((self.folder / "metrics.json").read_text(encoding="utf-8")))
            return record

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """The notes on the photos and the training; of runs without a notes.json, their texts alone."""
        path = self.folder / "notes.json"
        with self._explain_damage(path.name):
            records = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else self.metrics.get("notes", [])
            return tuple(map(parse_note, records))

    @cached_property
    def history(self) -> pd.DataFrame:
        """Training curves: the columns ``Data`` (Training or Validation), ``Epoch``, ``Accuracy`` and ``Loss``."""
        import pandas as pd

        with self._explain_damage("history.csv"):
            return pd.read_csv(self.folder / "history.csv")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Predictions for the photos of all splits, one row per photo.

        Paths and labels are texts. A path is that of the photo when the run was written.
        """
        import pandas as pd

        path = self.folder / "predictions.csv"
        with self._explain_damage(path.name):
            columns = pd.read_csv(path, nrows=0, encoding_errors="surrogateescape").columns
            texts = [
                name for name in columns if name in ("path", "label") or re.fullmatch(r"prediction( \d)?|answer", name)
            ]
            # objects, because file names need not be UTF-8; a label may be NA or 007
            table = pd.read_csv(
                path, dtype=dict.fromkeys(texts, object), keep_default_na=False, encoding_errors="surrogateescape"
            )
            for name in texts:
                table[name] = pd.Series([restore_cell(cell) for cell in table[name]], dtype=object)
            folder = read_photo_folder(path)
            if folder is not None:
                table["path"] = pd.Series([join_folder(folder, cell) for cell in table["path"]], dtype=object)
            return table.rename(columns=restore_cell)

    @cached_property
    def model(self) -> Classifier:
        """The classifier."""
        return load_classifier(self.folder / "model.onnx")

    @property
    def report(self) -> Path:
        """Path of the report page."""
        return self.folder / "report.html"

    @property
    def verdict(self) -> str:
        """The verdict: how good the classifier is, in a few sentences."""
        from headstart.evaluation.verdict import write_verdict

        with self._explain_damage("metrics.json"):
            return write_verdict(self.metrics)

    def summary(self) -> str:
        """Return the verdict, and below it the summary of the classifier, as text; see `Classifier.summary`."""
        return f"{self.verdict}\n\n{self.model.summary()}"

    def track(self, tracker: str) -> str:
        """Send this run to a tracker, and return a sentence that says where it is.

        Parameters
        ----------
        tracker
            ``mlflow`` sends to ``MLFLOW_TRACKING_URI`` and ``MLFLOW_EXPERIMENT_NAME``, by default to ``mlflow.db`` and
            ``mlruns`` in the current folder. ``tensorboard`` writes event files into the folder ``tensorboard`` of
            the run.

        Raises
        ------
        RunError
            If the tracker is unknown or failed. The run is unchanged.
        MissingExtraError
            If a package of the tracker is not installed. The message names the extra.
        """
        from headstart.runs.tracking import track_run

        return track_run(self.folder, tracker)

    @contextmanager
    def _explain_damage(self, name: str) -> Iterator[None]:
        """Raise RunError if a file of the run is missing, damaged, or was edited into something else."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RunError(
                f"Cannot read '{self.folder / name}': {reason}. Train again, or restore it.", path=self.folder / name
            ) from None
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
            raise RunError(
                f"Cannot read '{self.folder / name}': got a damaged or edited file, need the one that training wrote. "
                "Train again, or restore it.",
                path=self.folder / name,
            ) from None

    def __repr__(self) -> str:
        return f"Run('{self.folder}'): {self.verdict} See {self.report}"
