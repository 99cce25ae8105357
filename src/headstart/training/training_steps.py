"""The steps of one training: prepare the photos, train, measure, judge."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headstart.backbone.backbone import Backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS
from headstart.catalog.source import Source
from headstart.classifier.refusal import check_names
from headstart.evaluation.growth_words import say_growth
from headstart.evaluation.notes import Note
from headstart.evaluation.repeats import write_repeats
from headstart.evaluation.verdict import write_verdict
from headstart.evaluation.working_points import say_working_points
from headstart.features.depth_notes import list_depth_notes, note_unused_depth
from headstart.features.extraction import BackgroundCompilation
from headstart.features.group_suggestions import suggest_groups
from headstart.features.near_copy_groups import NearCopies
from headstart.inspection.training_findings import list_held_out, list_photos_to_look_at
from headstart.methods.confidence import set_confidence
from headstart.methods.elsewhere import note_elsewhere
from headstart.methods.extraction_choice import choose_kept_cut, choose_setup
from headstart.methods.forecast import forecast_training
from headstart.methods.label_sets import fit_label_sets, measure_label_sets
from headstart.methods.method_runner import MethodRunner
from headstart.methods.near_copy_metrics import measure_near_copies
from headstart.methods.near_copy_search import keep_near_copies_together
from headstart.methods.novelty import fit_trained_novelty, measure_novelty
from headstart.methods.novelty_notes import note_refusal
from headstart.methods.settings import AUTO_BACKBONE, Settings
from headstart.methods.split_metrics import SplitPredictions, measure_split
from headstart.methods.strangers import measure_gallery
from headstart.methods.trained_method import TrainedMethod
from headstart.methods.training_context import TrainingContext
from headstart.methods.working_points import ChosenDecision, check_classes, choose_decision, describe_working_points
from headstart.process.progress import show_progress
from headstart.report.chart_process import ChartDrawer
from headstart.runs.run_description import describe_training
from headstart.runs.run_files import RunContents, begin_charts
from headstart.runs.run_notes import list_notes
from headstart.runs.run_pictures import list_training_views
from headstart.runs.run_record import TrainingRequest, describe_run
from headstart.training.audited_source import find_audited_source
from headstart.training.auto import choose_method
from headstart.training.demo_strangers import list_demo_strangers
from headstart.training.drawn_splits import draw_asked_split
from headstart.training.grown_run import GrownRun
from headstart.training.judging import judge_trained
from headstart.training.network_trials import choose_network
from headstart.training.preparation import load_catalog
from headstart.training.repeats import estimate_repeat, repeat_training
from headstart.training.side_by_side import find_runner
from headstart.tune.checkpoint import Checkpoint


class Clock:
    """Seconds of each step of a training."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = self._last = time.perf_counter()

    def note(self, step: str) -> None:
        """Add the time since the last note to a step."""
        now = time.perf_counter()
        self.seconds[step] = round(self.seconds.get(step, 0.0) + now - self._last, 3)
        self.seconds["total"] = round(now - self._started, 3)
        self._last = now


@dataclass(frozen=True)
class Training:
    """The steps of one training, from a source of photos to the contents of the run folder."""

    settings: Settings
    context: TrainingContext
    clock: Clock
    chart_drawer: ChartDrawer
    request: TrainingRequest
    notes: list[Note]  # on options, known before the training
    table: Path  # catalog.csv that the run will have
    checkpoints: list[Checkpoint] = field(default_factory=list)  # of finished trainings

    def run(self, photos: Catalog | Source | GrownRun, folder: Path, say: Callable[[str], None]) -> RunContents:
        """Train, say the verdict, and return the contents of the run folder. Charts are begun as early as possible."""
        settings, context = self.settings, self.context
        cut = choose_kept_cut(context.setup, settings)
        also = None if cut is None else context.setup.spec.find_stage(cut).tensor
        compiling = BackgroundCompilation(choose_setup(context.setup, settings), also)
        prepared = self._prepare(photos, compiling, say)
        runner = prepared.runner
        trained, record, runner = self._train(runner, say)
        compiling.release()
        chosen = self._choose_decision(trained)
        predictions = _predict_splits(trained)
        sets = fit_label_sets(predictions)
        tried = {trial["method"] for trial in record["tried"]} if record else ()
        notes = [*list_notes(trained, settings, tried), *self.notes, *(chosen.notes if chosen else ())]
        metrics = describe_training(trained, notes) | {"auto": record}
        metrics |= self._measure(trained, runner.context, predictions, prepared.near_copies, chosen)
        metrics["label_sets"] = measure_label_sets(predictions, trained.table.catalog.labels, sets)
        metrics["repeats"] = self._repeat(runner, trained, record, say) if settings.repeats > 1 else None
        with ThreadPoolExecutor(1) as pool:
            model = pool.submit(trained.build_file, chosen.decision if chosen else None, sets)
            with show_progress("Cross-validating", is_shown=context.verbose, unit="folds") as progress:
                judged = judge_trained(trained, prepared.near_copies, progress)
        metrics |= judged.metrics
        metrics["forecast"] = forecast_training(trained, metrics["cross_validation"])
        begin_charts(folder, metrics, trained.fitted.history, self.chart_drawer)
        held = judged.held or list_held_out(predictions, trained.table.catalog.labels)
        metrics["photos_to_look_at"] = list_photos_to_look_at(
            trained.table, held, prepared.near_copies, runner.fresh
        ) | {"source": None if runner.stored else find_audited_source(runner.catalog, self.table)}
        if isinstance(photos, GrownRun):
            decision = chosen.decision if chosen else None
            metrics["growth"] = photos.describe(trained.table.catalog, predictions, decision, metrics)
        found = note_elsewhere(metrics["elsewhere"]) + note_refusal(metrics["novelty"])
        notes += found
        metrics["notes"] += [note.text for note in found]
        self.clock.note("evaluate")
        metrics["seconds"] = self.clock.seconds
        _tell(metrics, say)
        return RunContents(
            catalog=trained.table.catalog, metrics=metrics, history=trained.fitted.history, predictions=predictions,
            record=describe_run(self.request, trained, model.result(), predictions), notes=notes, model=model.result(),
            note_time=self.clock.note, near_copies=prepared.near_copies, views=list_training_views(trained),
            n_symmetric=trained.tuned.n_symmetric if trained.tuned else 1,
        )  # fmt: skip

    def _prepare(
        self, photos: Catalog | Source | GrownRun, compiling: BackgroundCompilation, say: Callable[[str], None]
    ) -> _Prepared:
        """Read the catalog, keep near copies together, and quantise the network if it is asked for."""
        settings, context, setup = self.settings, self.context, self.context.setup
        catalog, stored = load_catalog(photos, context, seed=settings.seed, say=say)
        catalog = draw_asked_split(catalog, settings)
        found = list_depth_notes(catalog.photos, setup.depth)
        if stored is None:  # photos of stored features may be gone
            found += note_unused_depth(catalog.photos, setup.depth) + suggest_groups(catalog)
        catalog = replace(catalog, notes=(*catalog.notes, *found))
        check_names(catalog.labels)
        if settings.has_decision:
            check_classes(settings, catalog.labels)
        compiling.join()
        self.clock.note("scan")
        catalog, near_copies, fresh = keep_near_copies_together(catalog, context, settings, stored, self.clock.note)
        if setup.precision == "int8":
            context = replace(context, setup=replace(setup, backbone=self._quantise(catalog)))
            self.clock.note("quantise")
        return _Prepared(
            MethodRunner(catalog, context, stored, fresh, note_time=self.clock.note, checkpoints=self.checkpoints),
            near_copies,
        )

    def _train(
        self, runner: MethodRunner, say: Callable[[str], None]
    ) -> tuple[TrainedMethod, dict[str, Any] | None, MethodRunner]:
        """Train by the method of the settings. Return the result, what ``auto`` tried, and a runner with the network.

        The network may be another than that of ``runner``.
        """
        settings, record = self.settings, None
        if settings.method == "auto":
            trained, record = choose_method(runner, settings, say)
            say(f"Method: {trained.settings.method}; {record['why']}.")
        elif settings.backbone == AUTO_BACKBONE:
            trained, why, notes = choose_network(runner, settings)
            self.notes.extend(notes)
            say(f"Backbone: {trained.settings.backbone}; {why}.")
        else:
            trained = runner.run(settings)
        trained = fit_trained_novelty(set_confidence(trained.fit_again()))
        self.clock.note("fit")
        return trained, record, find_runner(runner, settings, trained.settings)

    def _choose_decision(self, trained: TrainedMethod) -> ChosenDecision | None:
        if not self.settings.has_decision:
            return None
        with show_progress("Choosing the threshold", is_shown=self.context.verbose, unit="folds") as progress:
            return choose_decision(trained, progress)

    def _measure(
        self, trained: TrainedMethod, context: TrainingContext, predictions: Mapping[str, SplitPredictions],
        near_copies: NearCopies | None, chosen: ChosenDecision | None,
    ) -> dict[str, Any]:  # fmt: skip
        """Return the measures of each split, without copies of training photos, at the working point, and on strangers.

        The context has the network as it was quantised.
        """
        labels = trained.table.catalog.labels
        strangers = measure_gallery(trained, context, list_demo_strangers(trained.table.catalog.photos))
        return {
            **{split: measure_split(predictions[split], labels) for split in SPLITS},
            "near_copies": measure_near_copies(near_copies, predictions, labels),
            "working_points": describe_working_points(chosen, predictions["test"]) if chosen else [],
            "novelty": measure_novelty(trained, predictions) | {"strangers": strangers},
        }

    def _repeat(
        self, runner: MethodRunner, trained: TrainedMethod, record: Mapping[str, Any] | None, say: Callable[[str], None]
    ) -> dict[str, Any] | None:
        self.clock.note("evaluate")
        seconds = estimate_repeat(trained, record, self.clock.seconds)
        repeats = repeat_training(runner, trained, self.settings.repeats, seconds=seconds, say=say)
        self.clock.note("repeat")
        return repeats

    def _quantise(self, catalog: Catalog) -> Backbone:
        from headstart.features.calibration_photos import quantise_on_photos

        setup = self.context.setup
        with show_progress("Quantising", is_shown=self.context.verbose, unit="steps") as progress:
            backbone, _ = quantise_on_photos(
                catalog.select("train"), setup.backbone, setup.image_size, depth=setup.depth, progress=progress
            )
            return backbone


@dataclass(frozen=True)
class _Prepared:
    """A runner for the photos, and the near copies among them."""

    runner: MethodRunner
    near_copies: NearCopies | None


def _predict_splits(trained: TrainedMethod) -> dict[str, SplitPredictions]:
    """Predict the photos of each split, by the head whose predictions are reported."""
    splits = trained.table.splits
    return {
        split: SplitPredictions(splits[split], trained.choose_head(split).probabilities(splits[split].X))
        for split in SPLITS
    }


def _tell(metrics: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Say the verdict, and the sentences on repeats, on working points, and on photos added to a run."""
    say(write_verdict(metrics))
    if metrics["repeats"] is not None:
        say(write_repeats(metrics["repeats"]))
    for text in say_working_points(metrics["working_points"]):
        say(text)
    for text in say_growth(metrics["growth"]) if "growth" in metrics else ():
        say(text)
