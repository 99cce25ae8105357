"""Run one method on one catalog: extract features, fit a head, and train the stages above a cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from headstart.backbone.backbone import Backbone, BackboneSetup
from headstart.backbone.pooled_stages import pool_stages
from headstart.catalog.catalog import Catalog
from headstart.classifier.build import build_classifier
from headstart.classifier.decision import Decision
from headstart.classifier.file import ClassifierFile
from headstart.classifier.label_sets import LabelSets
from headstart.classifier.metadata import Metadata
from headstart.classifier.seal import check_seal
from headstart.features.extraction import make_feature_spec
from headstart.features.feature_cache import open_feature_cache
from headstart.features.fresh_features import FreshFeatures
from headstart.features.stored_features import StoredFeatures
from headstart.features.tail_features import TailFeatures
from headstart.head.linear import LinearHead
from headstart.head.novelty import NoveltyTest
from headstart.methods.feature_table import FeatureTable, build_feature_table
from headstart.methods.final_head import FinalHead, fit_final_head
from headstart.methods.head_fitting import FittedHead, fit_head
from headstart.methods.held_out_scores import OutOfFold
from headstart.methods.own_novelties import OwnNovelties
from headstart.methods.settings import ADAM_EPOCHS, Settings
from headstart.methods.tail_tuning import TunedBackbone, tune_backbone
from headstart.methods.training_context import TrainingContext
from headstart.pixels.views import AS_IT_IS, SYMMETRIES
from headstart.process.progress import show_progress
from headstart.tune.checkpoint import Checkpoint

if TYPE_CHECKING:
    from headstart.tune.hyperparameters import Hyperparameters
    from headstart.tune.result import TuningResult


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainedMethod:
    """The result of one method on one catalog.

    Attributes
    ----------
    settings
        Settings of the training. The method is never ``auto``.
    cut
        Name of the last frozen stage.
    backbone, table
        Backbone of the classifier file, and its features.
    fitted
        Head that was fitted to the training photos, and its curves.
    final
        Head of the classifier file, if it was fitted again to more photos. Default: the file has the head of
        ``fitted``.
    tuned
        Result of training above the cut, or None for ``fixed``.
    confidence, held_out
        How the confidence was set, and the out-of-fold scores by which; see `set_confidence`. None before that.
    novelty
        Test of how strange a photo is; see `fit_trained_novelty`. None: before that, or with too few photos.
    own_novelties
        Novelties of the photos that measured the shares of the test.
    """

    settings: Settings
    cut: str
    backbone: Backbone
    table: FeatureTable
    fitted: FittedHead
    final: FinalHead | None = None
    tuned: TunedBackbone | None = None
    confidence: dict[str, Any] | None = None
    held_out: OutOfFold | None = None
    novelty: NoveltyTest | None = None
    own_novelties: OwnNovelties | None = None

    @property
    def tuning_result(self) -> TuningResult:
        """The epochs that were trained above the cut. Only for a method that trains there."""
        assert self.tuned is not None  # noqa: S101  for the type checker
        return self.tuned.result

    @property
    def fitted_on(self) -> tuple[str, ...]:
        """Splits that the head of the file was fitted to."""
        return self.final.splits if self.final is not None else ("train",)

    def fit_again(self) -> TrainedMethod:
        """Fit the head of the file to all splits of the settings; see `fit_final_head`."""
        return replace(self, final=fit_final_head(self.table, self.settings, self.fitted))

    def choose_head(self, split: str) -> LinearHead:
        """Return the head whose predictions of a split are reported: one that was not fitted to it, except to train."""
        return self.final.judged if self.final is not None and split == "test" else self.fitted.head

    def build_file(self, decision: Decision | None = None, label_sets: LabelSets | None = None) -> ClassifierFile:
        """Build the classifier file, whose answers follow a decision, with its novelty test and label sets."""
        table, settings, tuned = self.table, self.settings, self.tuned
        seen = self.fitted_on if tuned is None else ("train", "validation")  # validation photos chose the epoch
        metadata = Metadata.describe(
            self.backbone.spec, labels=table.catalog.labels, image_size=table.image_size, precision=table.precision,
            depth=settings.depth,
            digests=[photo.digest for split in seen for photo in table.splits[split].photos], method=settings.method,
            cut=self.cut, head=settings.head if tuned is None else "linear", seed=settings.seed,
            n_views=settings.n_fixed_views if tuned is None else tuned.n_views, n_averaged=table.n_averaged,
            decision=decision, n_novelty_photos=None if self.novelty is None else self.novelty.n_units,
            label_sets=label_sets,
        )  # fmt: skip
        head = self.fitted.head if self.final is None else self.final.head
        data = build_classifier(self.backbone, head.weights, head.bias, metadata, self.novelty)
        return ClassifierFile(data, check_seal(data), metadata, head.weights, head.bias, self.novelty)


@dataclass(frozen=True)
class MethodRunner:
    """Runs methods on one catalog.

    Attributes
    ----------
    stored
        Stored features of the photos as they are, or None.
    fresh
        Features of the photos as they are that this training has computed already, or None.
    above
        Features that were computed from activations at a cut, or None.
    note_time
        Function that is called with the name of a step when the step ends.
    checkpoints
        Checkpoints of finished trainings. The caller deletes them once the result is on disk.
    """

    catalog: Catalog
    context: TrainingContext
    stored: StoredFeatures | None = None
    fresh: FreshFeatures | None = None
    above: TailFeatures | None = None
    note_time: Callable[[str], None] = lambda _: None
    checkpoints: list[Checkpoint] = field(default_factory=list)

    @property
    def backbone(self) -> Backbone:
        """The backbone that methods start from."""
        return self.context.setup.backbone

    @cached_property
    def wide_backbone(self) -> Backbone:
        """The backbone whose features are the means of several stages."""
        return pool_stages(self.backbone)

    def run(self, settings: Settings) -> TrainedMethod:
        """Run the method of the settings, which is not ``auto``."""
        return self.run_fixed(settings) if settings.method == "fixed" else self.run_tuned(settings)

    def run_fixed(self, settings: Settings) -> TrainedMethod:
        """Extract features and fit a head."""
        backbone = self.wide_backbone if settings.features == "all" else self.backbone
        table = self.extract(
            backbone, settings, n_views=settings.n_fixed_views, is_averaged=settings.average_views,
            fit_splits=settings.fit_splits,
        )  # fmt: skip
        self.note_time("extract")
        fitted = fit_head_to_table(table, settings, is_shown=self.context.verbose)
        self.note_time("fit")
        return TrainedMethod(
            settings=settings, cut=backbone.spec.stages[-1].name, backbone=backbone, table=table, fitted=fitted
        )

    def run_tuned(self, settings: Settings) -> TrainedMethod:
        """Train above a cut.

        The engine then computes features with the new weights. The metrics therefore describe the classifier file, and
        not what torch computes.
        """
        return self._extract_tuned(settings, *self._tune(settings))

    def run_again(self, settings: Settings, hyperparameters: Hyperparameters, *, is_averaged: bool) -> TrainedMethod:
        """Train above a cut with the hyperparameters of an earlier training. If it is stopped, raise KeyboardInterrupt.

        Parameters
        ----------
        is_averaged
            Whether the result averages over views. If not, training still uses the views of the settings.
        """
        plain, tuned = self._tune(settings, hyperparameters)
        if tuned.result.is_stopped:
            raise KeyboardInterrupt
        if not is_averaged:
            settings = replace(settings, average_views=False, n_views=None)
        return self._extract_tuned(settings, plain, tuned)

    def _tune(
        self, settings: Settings, hyperparameters: Hyperparameters | None = None
    ) -> tuple[FeatureTable, TunedBackbone]:
        """Train above a cut. Return it with the table of the pretrained features."""
        plain = self.extract(self.backbone, settings)
        self.note_time("extract")
        tuned = tune_backbone(plain, settings, self.context, hyperparameters=hyperparameters)
        self.note_time("fit")
        return plain, _keep_fixed_head(plain, settings, tuned)

    def _extract_tuned(self, settings: Settings, plain: FeatureTable, tuned: TunedBackbone) -> TrainedMethod:
        # without the cache: no later training asks for the features of these weights
        above = self._compute_above(settings, tuned)
        runner = replace(self, catalog=plain.catalog, context=replace(self.context, cache=False), above=above)
        table = runner.extract(
            tuned.backbone, settings, n_views=settings.n_averaged, is_averaged=settings.average_views, verb="Judging"
        )
        if not tuned.result.is_stopped:
            self.checkpoints.append(tuned.checkpoint)
        table = replace(table, n_extracted=plain.n_extracted, n_cached=plain.n_cached)
        return TrainedMethod(
            settings=settings, cut=tuned.cut, backbone=tuned.backbone, table=table, fitted=tuned.fitted,
            tuned=replace(tuned, trained_on=None),
        )  # fmt: skip

    def _compute_above(self, settings: Settings, tuned: TunedBackbone) -> TailFeatures | None:
        """Compute the features of those photos that were trained on or validated on, from their activations."""
        if tuned.trained_on is None or self.context.cluster is not None:
            return None
        setup = replace(self.context.setup, backbone=tuned.backbone)
        views = SYMMETRIES[: settings.n_averaged] if settings.average_views else (AS_IT_IS,)
        with show_progress("Judging", is_shown=self.context.verbose, unit="views") as progress:
            return tuned.trained_on.compute_features(setup, views, progress)

    def extract(
        self, backbone: Backbone, settings: Settings, *, n_views: int = 1, is_averaged: bool = False,
        fit_splits: Sequence[str] = ("train",), verb: str = "Extracting",
    ) -> FeatureTable:  # fmt: skip
        """Return the catalog with the features that a backbone gives; see `build_feature_table`."""
        setup, context = replace(self.context.setup, backbone=backbone), self.context
        fresh = self.fresh if self.fresh is not None and self.fresh.fits(make_feature_spec(setup)) else None
        stored = self.above or fresh or self._embed(setup, settings.seed, n_views=n_views, is_averaged=is_averaged)
        with (
            open_feature_cache(cache=context.cache) as feature_cache,
            show_progress(verb, is_shown=context.verbose) as progress,
        ):
            table = build_feature_table(
                self.catalog, setup, n_views=n_views, is_averaged=is_averaged, seed=settings.seed,
                fit_splits=fit_splits, feature_cache=feature_cache, stored=stored, progress=progress,
            )  # fmt: skip
        n_computed = fresh.count_computed(table.catalog.photos) if fresh else 0
        return replace(table, n_extracted=table.n_extracted + n_computed, n_cached=table.n_cached - n_computed)

    def _embed(self, setup: BackboneSetup, seed: int, *, n_views: int, is_averaged: bool) -> StoredFeatures | None:
        """Return the stored features, after computing them on the cluster if there is one."""
        context = self.context
        if context.cluster is None:
            return self.stored
        from headstart.scale.cluster_features import embed_catalog

        return embed_catalog(
            self.catalog, setup, context.cluster, n_views=n_views, is_averaged=is_averaged, seed=seed,
            stored=self.stored, cache=context.cache, verbose=context.verbose,
        )  # fmt: skip


def _keep_fixed_head(plain: FeatureTable, settings: Settings, tuned: TunedBackbone) -> TunedBackbone:
    """Give a training that was never better than its start the head of ``fixed``, so that it is no worse by chance."""
    if tuned.result.best_epoch or tuned.hyperparameters.is_random:
        return tuned
    fixed = fit_head_to_table(plain, settings)
    return replace(
        tuned, result=replace(tuned.result, head=fixed.head, factor=1.0),
        fitted=replace(tuned.fitted, head=fixed.head, class_weight=fixed.class_weight),
    )  # fmt: skip


def fit_head_to_table(table: FeatureTable, settings: Settings, *, is_shown: bool = False) -> FittedHead:
    """Fit a head to the training photos of a table."""
    train, validation = table.splits["train"], table.splits["validation"]
    return fit_head(
        train.views, train.y, len(table.catalog.labels), kind=settings.head, seed=settings.seed,
        strength=settings.strength, class_weight=settings.class_weight, sample_weight=train.weights,
        groups=train.groups, epochs=settings.epochs or ADAM_EPOCHS,
        validation=(validation.X, validation.y) if validation.photos else None, is_shown=is_shown,
    )  # fmt: skip
