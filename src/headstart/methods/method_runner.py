"""Carry out one method on a catalog: features, a head, and above a cut a backbone of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from headstart.backbone.backbone import Backbone
from headstart.backbone.pooled_stages import pool_stages
from headstart.catalog.catalog import Catalog
from headstart.classifier.build import build_classifier
from headstart.classifier.file import ClassifierFile
from headstart.classifier.metadata import Metadata, shorten_digests
from headstart.classifier.seal import check_seal
from headstart.features.stored_features import StoredFeatures
from headstart.methods.feature_table import FeatureTable, build_feature_table, open_cache
from headstart.methods.head_fitting import FittedHead, fit_head
from headstart.methods.settings import ADAM_EPOCHS, Settings
from headstart.methods.tail_tuning import TunedBackbone, tune_backbone
from headstart.process.progress import show_progress
from headstart.scale.ray_training import Workers
from headstart.tune.checkpoint import Checkpoint

if TYPE_CHECKING:
    from headstart.scale.cluster import Cluster
    from headstart.tune.hyperparameters import Recipe
    from headstart.tune.result import Tuned


@dataclass(frozen=True, eq=False)
class TrainedMethod:
    """What a method made of a catalog.

    Attributes
    ----------
    settings
        The settings that were used: the method is none but itself, and the number of views its own.
    backbone
        The one in the classifier file.
    table
        The features that this backbone gives.
    tuned
        How the backbone was trained above the cut, or None if all of it is as pretrained.
    """

    settings: Settings
    cut: str
    backbone: Backbone
    table: FeatureTable
    fitted: FittedHead
    tuned: TunedBackbone | None = None

    @property
    def tuning_result(self) -> Tuned:
        """What training above the cut gave; only where there was any."""
        assert self.tuned is not None  # noqa: S101  for the type checker
        return self.tuned.result

    def build_file(self) -> ClassifierFile:
        """Return the classifier file and its parts."""
        table, settings = self.table, self.settings
        seen = ("train",) if self.tuned is None else ("train", "validation")  # the latter chose the epoch
        metadata = Metadata(
            labels=table.catalog.labels, image_size=table.image_size, spec=self.backbone.spec,
            precision=table.precision, method=settings.method, cut=self.cut,
            head=settings.head if self.tuned is None else "linear", seed=settings.seed,
            n_views=settings.n_fixed_views if self.tuned is None else self.tuned.n_views, n_averaged=table.n_averaged,
            trained_on=shorten_digests(photo.digest for split in seen for photo in table.splits[split].photos),
        )  # fmt: skip
        head = self.fitted.head
        data = build_classifier(self.backbone, head.weights, head.bias, metadata)
        return ClassifierFile(data, check_seal(data), metadata, head.weights, head.bias)


@dataclass(frozen=True)
class MethodRunner:
    """Carries out methods on one catalog.

    Attributes
    ----------
    catalog
        The photos.
    backbone
        As pretrained, or quantised.
    is_caching
        Use the user's cache of features, and keep what an interrupted training needs.
    note_time
        Called with the name of a step when it ends.
    checkpoints
        Takes those of trainings that came to their end: to be deleted once their outcome is on disk.
    embedded
        Features of the photos as they are, if they lie ready.
    cluster
        On which features are computed, if not here.
    workers
        Who trains above a cut, on a Ray cluster. Default: this process.
    """

    catalog: Catalog
    backbone: Backbone
    image_size: int
    is_caching: bool
    verbose: bool
    note_time: Callable[[str], None] = lambda _: None
    checkpoints: list[Checkpoint] = field(default_factory=list)
    embedded: StoredFeatures | None = None
    cluster: Cluster | None = None
    workers: Workers | None = None

    @cached_property
    def wide_backbone(self) -> Backbone:
        """The backbone whose features are the means of several stages."""
        return pool_stages(self.backbone)

    def run(self, settings: Settings) -> TrainedMethod:
        """Carry out the method of the settings, which is none but itself."""
        return self.run_fixed(settings) if settings.method == "fixed" else self.run_tuned(settings)

    def run_fixed(self, settings: Settings) -> TrainedMethod:
        """Extract features and fit a head."""
        backbone = self.wide_backbone if settings.features == "all" else self.backbone
        table = self.extract(backbone, settings, n_views=settings.n_fixed_views, is_averaged=settings.average_views)
        self.note_time("extract")
        trained = TrainedMethod(
            settings, backbone.spec.stages[-1].name, backbone, table, fit_head_to_table(table, settings)
        )
        self.note_time("fit")
        return trained

    def run_tuned(self, settings: Settings) -> TrainedMethod:
        """Train above a cut, and then have the engine compute features with the new weights.

        What is judged and reported later is so what the classifier file answers, and not what torch says of it.
        """
        return self._judge_tuned(settings, *self._tune(settings))

    def run_again(self, settings: Settings, recipe: Recipe, *, is_averaged: bool) -> TrainedMethod:
        """Train above a cut by the recipe of an earlier training; average answers over views or not, in the end.

        Raises
        ------
        KeyboardInterrupt
            If training is stopped.
        """
        plain, tuned = self._tune(settings, recipe)
        if tuned.result.is_stopped:
            raise KeyboardInterrupt
        if not is_averaged:
            settings = replace(settings, average_views=False, n_views=None)
        return self._judge_tuned(settings, plain, tuned)

    def _tune(self, settings: Settings, recipe: Recipe | None = None) -> tuple[FeatureTable, TunedBackbone]:
        plain = self.extract(self.backbone, settings)
        self.note_time("extract")
        tuned = tune_backbone(
            plain, self.backbone, settings, image_size=self.image_size, is_kept=self.is_caching, verbose=self.verbose,
            recipe=recipe, workers=self.workers,
        )  # fmt: skip
        self.note_time("fit")
        return plain, _keep_fixed(plain, settings, tuned)

    def _judge_tuned(self, settings: Settings, plain: FeatureTable, tuned: TunedBackbone) -> TrainedMethod:
        # nobody will ask for features of these weights again
        runner = replace(self, catalog=plain.catalog, is_caching=False)
        table = runner.extract(
            tuned.backbone, settings, n_views=settings.n_averaged, is_averaged=settings.average_views, verb="Judging"
        )
        if not tuned.result.is_stopped:
            self.checkpoints.append(tuned.checkpoint)
        table = replace(table, n_extracted=plain.n_extracted, n_cached=plain.n_cached)
        return TrainedMethod(settings, tuned.cut, tuned.backbone, table, tuned.fitted, tuned)

    def extract(
        self, backbone: Backbone, settings: Settings, *, n_views: int = 1, is_averaged: bool = False,
        verb: str = "Extracting",
    ) -> FeatureTable:  # fmt: skip
        """Return the catalog with the features that a backbone gives."""
        embedded = self._embed(backbone, settings, n_views=n_views, is_averaged=is_averaged)
        with open_cache(self.is_caching) as store, show_progress(verb, is_shown=self.verbose) as progress:
            return build_feature_table(
                self.catalog, backbone, image_size=self.image_size, precision=settings.precision, n_views=n_views,
                is_averaged=is_averaged, seed=settings.seed, cache=store, embedded=embedded, progress=progress,
            )  # fmt: skip

    def _embed(
        self, backbone: Backbone, settings: Settings, *, n_views: int, is_averaged: bool
    ) -> StoredFeatures | None:
        """Return the features that lie ready, after computing them on the cluster if there is one."""
        if self.cluster is None:
            return self.embedded
        from headstart.scale.cluster_features import embed_catalog

        return embed_catalog(
            self.catalog, backbone, self.cluster, image_size=self.image_size, precision=settings.precision,
            n_views=n_views, is_averaged=is_averaged, seed=settings.seed, stored=self.embedded,
            cache=self.is_caching, verbose=self.verbose,
        )  # fmt: skip


def _keep_fixed(plain: FeatureTable, settings: Settings, tuned: TunedBackbone) -> TunedBackbone:
    """Return it with the head of `fixed` where the start was kept, so that it is no worse than that by chance."""
    if tuned.result.best_epoch or tuned.recipe.is_random:
        return tuned
    fixed = fit_head_to_table(plain, settings)
    return replace(
        tuned, result=replace(tuned.result, head=fixed.head, factor=1.0),
        fitted=replace(tuned.fitted, head=fixed.head, class_weight=fixed.class_weight),
    )  # fmt: skip


def fit_head_to_table(table: FeatureTable, settings: Settings) -> FittedHead:
    """Fit a head to the training photos of a table."""
    train, validation = table.splits["train"], table.splits["validation"]
    return fit_head(
        train.views, train.y, len(table.catalog.labels), kind=settings.head, seed=settings.seed,
        strength=settings.strength, class_weight=settings.class_weight, sample_weight=train.weights,
        groups=train.groups, epochs=settings.epochs or ADAM_EPOCHS,
        validation=(validation.X, validation.y) if validation.photos else None,
    )  # fmt: skip
