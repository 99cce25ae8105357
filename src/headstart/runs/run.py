"""A run: the folder that one training writes, as an object."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.classifier.classifier import Classifier, load_classifier
from headstart.errors import RunError
from headstart.evaluation.notes import Note, parse_note

if TYPE_CHECKING:
    import pandas as pd


class Run:
    """What one training wrote.

    Parameters
    ----------
    folder
        A run folder.

    Raises
    ------
    RunError
        If ``folder`` is not one.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / "metrics.json").is_file():
            raise RunError(f"Cannot open run '{folder}': it holds no metrics.json. Give a folder that training wrote.")

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The contents of metrics.json."""
        record: dict[str, Any] = json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))
        return record

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """The notes on the photos and the training; of runs without a notes.json, their texts alone."""
        path = self.folder / "notes.json"
        records = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else self.metrics.get("notes", [])
        return tuple(map(parse_note, records))

    @cached_property
    def history(self) -> pd.DataFrame:
        """The table ``Data`` (Training or Validation), ``Epoch``, ``Accuracy``, ``Loss``."""
        import pandas as pd

        return pd.read_csv(self.folder / "history.csv")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """What the classifier says of every photo of every split, a row each."""
        import pandas as pd

        return pd.read_csv(self.folder / "predictions.csv")

    @cached_property
    def model(self) -> Classifier:
        """The classifier."""
        return load_classifier(self.folder / "model.onnx")

    @property
    def report(self) -> Path:
        """The page to look at."""
        return self.folder / "report.html"

    @property
    def verdict(self) -> str:
        """The verdict in a sentence or two."""
        from headstart.evaluation.verdict import write_verdict

        return write_verdict(self.metrics)

    def track(self, tracker: str) -> str:
        """Tell a tracker of this run, and return a sentence that says where it is.

        Parameters
        ----------
        tracker
            ``mlflow``: goes where ``MLFLOW_TRACKING_URI`` and ``MLFLOW_EXPERIMENT_NAME`` say, by default into
            ``mlflow.db`` and ``mlruns`` in the working folder. ``tensorboard``: event files in the folder
            ``tensorboard`` of the run.

        Raises
        ------
        RunError
            If there is no such tracker, or it failed; the run is as it was.
        MissingExtraError
            If what the tracker needs is not installed; the message names the extra.
        """
        from headstart.runs.tracking import track_run

        return track_run(self.folder, tracker)

    def __repr__(self) -> str:
        return f"Run('{self.folder}'): {self.verdict} See {self.report}"
