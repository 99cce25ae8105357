"""Train the same settings on other splits of the same photos, to measure how much the accuracy depends on the split."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.catalog.photo_groups import name_groups
from headstart.catalog.redrawing import redraw_splits
from headstart.errors import HeadstartError
from headstart.evaluation.intervals import count_effective
from headstart.evaluation.repeats import repeats_interval
from headstart.evaluation.words import format_seconds
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import Settings
from headstart.methods.split_metrics import SplitPredictions, measure_split
from headstart.methods.table_division import divide_table, has_all_views
from headstart.methods.table_head import fit_head_to_table
from headstart.methods.trained_method import TrainedMethod
from headstart.process.interrupts import listen_for_ctrl_c
from headstart.process.progress import show_progress

LONG_S = 10.0  # of all repeats together; shorter ones are not announced


@dataclass
class RepeatResults:
    """What each finished repeat gave."""

    seeds: list[int] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    balanced_accuracies: list[float] = field(default_factory=list)
    n_train: list[int] = field(default_factory=list)
    n_test: list[int] = field(default_factory=list)
    tested: dict[str, Photo] = field(default_factory=dict)  # by digest
    answers: dict[str, list[bool]] = field(default_factory=dict)  # whether each answer to a tested photo is right

    def add(self, trained: TrainedMethod) -> None:
        """Evaluate a training on its test photos, by the head that the report of a run is of."""
        table = trained.table
        test = table.splits["test"]
        predictions = SplitPredictions(test, trained.choose_head("test").probabilities(test.X))
        measured = measure_split(predictions, table.catalog.labels)
        if measured is None:  # with large groups, a split may have no test photos
            return
        self.seeds.append(table.catalog.seed)
        self.accuracies.append(measured["accuracy"])
        self.balanced_accuracies.append(measured["balanced_accuracy"])
        fitted = [split for split in trained.fitted_on if split != "test"]
        self.n_train.append(sum(len(table.splits[split].photos) for split in fitted))
        self.n_test.append(len(test.photos))
        for photo, is_right in zip(test.photos, predictions.is_right.tolist(), strict=True):
            self.tested[photo.digest] = photo
            self.answers.setdefault(photo.digest, []).append(is_right)

    def to_dict(self, n_asked: int) -> dict[str, Any] | None:
        """Return the record for metrics.json in plain JSON types, or None if fewer than two are finished."""
        if len(self.accuracies) < 2:
            return None
        n_train, n_test = float(np.mean(self.n_train)), float(np.mean(self.n_test))
        shares = np.array([np.mean(self.answers[digest]) for digest in self.tested])
        n_photos = count_effective(shares, np.ones(len(shares)), name_groups(list(self.tested.values())))
        interval = repeats_interval(self.accuracies, n_train=n_train, n_test=n_test, n_photos=n_photos)
        return {
            "n": len(self.accuracies),
            "n_asked": n_asked,
            "seeds": self.seeds,
            "accuracies": self.accuracies,
            "balanced_accuracies": self.balanced_accuracies,
            "mean": float(np.mean(self.accuracies)),
            "sd": float(np.std(self.accuracies, ddof=1)),
            "mean_ci95": list(interval),
            "balanced_mean": float(np.mean(self.balanced_accuracies)),
            "n_train": round(n_train),
            "n_test": round(n_test),
            "n_photos": len(self.tested),
        }


def repeat_training(
    runner: MethodRunner, trained: TrainedMethod, n_repeats: int, *, seconds: float, say: Callable[[str], None]
) -> dict[str, Any] | None:
    """Train a method again on ``n_repeats`` - 1 other splits, and evaluate each on its own test photos.

    The training itself is the first repeat. The others use the next seeds. Groups, identical photos and near copies
    stay together in each split. The whole training is repeated: the strength, or the best epoch, is chosen again.

    Parameters
    ----------
    seconds
        Estimated duration of each further training, which the user is told.
    say
        Function that is called with sentences for the user.

    Returns
    -------
    The record for metrics.json, or None if fewer than two trainings are finished. Ctrl-C ends the repeats and keeps
    those that are finished.
    """
    if trained.tuned is not None and trained.tuned.result.is_stopped:
        say("The training was stopped, so it is not repeated on other splits.")
        return None
    results = RepeatResults()
    results.add(trained)
    catalog, context = trained.table.catalog, runner.context
    is_tuned = trained.tuned is not None
    if is_tuned or seconds * (n_repeats - 1) > LONG_S:
        say(_announce(n_repeats - 1, seconds))
    # each training above a cut shows its own progress
    runner = replace(runner, note_time=lambda _: None, context=replace(context, verbose=context.verbose and is_tuned))
    started = time.perf_counter()
    with (
        listen_for_ctrl_c(interrupts=True) as is_interrupted,
        show_progress("Repeating", is_shown=context.verbose and not is_tuned, unit="splits") as progress,
    ):
        try:
            for number in range(1, n_repeats):
                progress(number - 1, n_repeats - 1)
                if is_tuned:
                    say(_say_next(number, n_repeats, time.perf_counter() - started))
                seed = trained.settings.seed + number
                again = _train_again(runner, trained, redraw_splits(catalog, seed=catalog.seed + number), seed)
                results.add(again.fit_again())
        except HeadstartError as error:
            say(f"The repeats ended early, and the finished ones are kept: {error}")
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt) and not is_interrupted():
                raise
            say(f"Stopped: {len(results.accuracies)} of {n_repeats} repeats are finished and kept.")
    return results.to_dict(n_repeats)


def estimate_repeat(
    trained: TrainedMethod, record: Mapping[str, Any] | None, seconds: Mapping[str, float]
) -> float:  # fmt: skip
    """Return about how many seconds the training of another split will take.

    Parameters
    ----------
    record
        What ``auto`` tried, or None if the method was given.
    seconds
        Seconds of each step of the first training.
    """
    if trained.tuned is not None and record is not None:
        method = trained.settings.method
        return max(float(trial["seconds"]) for trial in record["tried"] if trial["method"] == method)
    extracted = 0.0 if trained.tuned is None and has_all_views(trained.table) else seconds.get("extract", 0.0)
    return extracted + seconds.get("fit", 0.0)


def _train_again(runner: MethodRunner, trained: TrainedMethod, catalog: Catalog, seed: int) -> TrainedMethod:
    """Train on another split of the same photos, with the settings of an earlier training and another seed."""
    settings, tuned = replace(trained.settings, seed=seed), trained.tuned
    runner = replace(runner, catalog=catalog)
    if tuned is not None:
        return runner.run_again(
            _restore_views(settings, tuned.n_symmetric), tuned.hyperparameters, is_averaged=trained.table.n_averaged > 1
        )
    if not has_all_views(trained.table):  # other photos are in training now, with random views
        return runner.run_fixed(settings)
    table = divide_table(trained.table, catalog)
    return replace(trained, settings=settings, table=table, fitted=fit_head_to_table(table, settings), final=None)


def _restore_views(settings: Settings, n_symmetric: int) -> Settings:
    """Return the settings of a training whose answers may not average over its views, as `auto` decides."""
    return replace(settings, average_views=True, n_views=n_symmetric) if n_symmetric > 1 else settings


def _announce(n: int, seconds: float) -> str:
    each, total = (format_seconds(some, is_estimate=True) for some in (seconds, n * seconds))
    if n == 1:
        return f"The run is trained. 1 more training on another split follows: about {each}. Ctrl-C leaves it out."
    return (
        f"The run is trained. {n} more trainings on other splits follow: about {each} each, {total} in all. Ctrl-C "
        "keeps the finished ones."
    )


def _say_next(number: int, n_repeats: int, seconds: float) -> str:
    left = n_repeats - number
    rest = f", about {format_seconds(seconds / (number - 1) * left, is_estimate=True)} left" if number > 1 else ""
    return f"Repeat {number + 1} of {n_repeats}{rest}."
