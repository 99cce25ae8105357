"""One of two runs that are compared: its photos and answers by digest, read from its folder or still in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.classifier.decision import Decision, decide_answers
from headstart.methods.split_metrics import SplitPredictions
from headstart.runs.replay_comparison import answer_by_digest
from headstart.runs.run import Run
from headstart.runs.run_record import read_record
from headstart.runs.run_tables import Answer, read_run_photos
from headstart.storage.photo_folder import RECORD

# settings that metrics.json has, for runs without a run.json
_OF_METRICS = ("method", "cut", "backbone", "image_size", "depth", "features", "head", "views", "averaged_views",
               "seed", "split_seed")  # fmt: skip


@dataclass(frozen=True)
class RunSide:
    """One of two runs.

    Attributes
    ----------
    photos
        The photos by digest; of copies the first.
    counts
        Number of photos of each digest.
    answers
        The answers by digest.
    """

    folder: Path
    metrics: Mapping[str, Any]
    record: Mapping[str, Any] | None
    photos: dict[str, Photo]
    counts: Counter[str]
    answers: dict[str, Answer]

    def list_settings(self, is_recorded: bool) -> dict[str, Any]:
        """Return the settings that the classifier was trained with, from run.json or from metrics.json."""
        if self.record is None or not is_recorded:
            return {name: self.metrics.get(name) for name in _OF_METRICS}
        return {**self.record["settings"]["used"], "asked method": self.record["settings"]["asked"].get("method")}

    @property
    def working_points(self) -> dict[str, Any]:
        """Threshold and costs of each class that the decision is about."""
        points = self.metrics.get("working_points") or []
        return {point["label"]: {name: point[name] for name in ("threshold", "costs")} for point in points}

    @property
    def versions(self) -> dict[str, Any]:
        """Versions of the packages, and the machine."""
        if self.record is None:
            return {"headstart": self.metrics.get("headstart")}
        return dict(self.record["versions"])

    @property
    def machine(self) -> dict[str, Any]:
        """The processor and the arithmetic."""
        if self.record is None:
            return {"arithmetic": self.metrics.get("precision")}
        return {name: self.record["machine"].get(name) for name in ("processor", "engine", "arithmetic")}


def read_side(given: Run | str | Path, photos: Sequence[Photo] | None = None) -> RunSide:
    """Read a run from its folder; RunError is raised if it is no run, or one of its files is damaged.

    ``photos`` are the rows of its catalog.csv, if they are read already.
    """
    run = given if isinstance(given, Run) else Run(given)
    photos = read_run_photos(run.folder) if photos is None else photos
    answers = answer_by_digest(run.folder, photos)
    record = read_record(run.folder) if (run.folder / RECORD).exists() else None
    by_digest = {photo.digest: photo for photo in reversed(photos)}
    return RunSide(run.folder, run.metrics, record, by_digest, Counter(photo.digest for photo in photos), answers)


def make_side(
    catalog: Catalog, predictions: Mapping[str, SplitPredictions], labels: tuple[str, ...], decision: Decision | None,
    metrics: Mapping[str, Any],
) -> RunSide:  # fmt: skip
    """Make the side of a training that is not written yet. Its photos have the paths of their files."""
    answers: dict[str, Answer] = {}
    for part in predictions.values():
        numbers = decide_answers(part.probabilities, labels, decision)
        photos = part.features.photos
        answers |= {photo.digest: Answer(labels[n], {}) for photo, n in zip(photos, numbers, strict=True)}
    by_digest = {photo.digest: photo for photo in reversed(catalog.photos)}
    return RunSide(Path(), metrics, None, by_digest, Counter(photo.digest for photo in catalog.photos), answers)
