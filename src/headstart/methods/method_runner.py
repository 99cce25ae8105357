"""Run one method on one catalog: extract features, fit a head, and train the stages above a cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING

from headstart.backbone.backbone import Backbone, BackboneSetup
from headstart.backbone.pooled_stages import FEATURES, pool_stages
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS
from headstart.features.cache_key import FeatureSpec
from headstart.features.extraction import make_feature_spec
from headstart.features.feature_cache import open_feature_cache
from headstart.features.fresh_features import FreshFeatures
from headstart.features.stored_features import StoredFeatures
from headstart.features.tail_features import TailFeatures
from headstart.methods.extraction_choice import choose_extracted, choose_widest
from headstart.methods.feature_table import FeatureTable, build_feature_table
from headstart.methods.fixed_choice import choose_fixed
from headstart.methods.settings import Settings
from headstart.methods.table_head import fit_head_to_table
from headstart.methods.tail_tuning import TunedBackbone, tune_backbone
from headstart.methods.trained_method import TrainedMethod
from headstart.methods.training_context import TrainingContext
from headstart.pixels.views import AS_IT_IS, SYMMETRIES
from headstart.process.progress import show_progress
from headstart.tune.checkpoint import Checkpoint

if TYPE_CHECKING:
    from headstart.tune.hyperparameters import Hyperparameters

# The splits that judge a network trained above a cut. Of its training photos one view is enough: nothing is chosen by
# them, because the network has learned them by heart.
AVERAGED_SPLITS = SPLITS[1:]


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

    def run(self, settings: Settings) -> TrainedMethod:
        """Run the method of the settings, which is not ``auto``."""
        return self.run_fixed(settings) if settings.method == "fixed" else self.run_tuned(settings)

    def run_fixed(self, settings: Settings) -> TrainedMethod:
        """Extract features and fit a head; of several features and heads that the settings allow, choose one."""
        tables: dict[str, FeatureTable] = {}

        def extract(chosen: Settings) -> FeatureTable:
            if chosen.features not in tables:
                first = self.choose_extracted(settings)
                network = first if FEATURES.index(first) > FEATURES.index(chosen.features) else chosen.features
                if network not in tables:
                    if tables:  # the first head is fitted
                        self.note_time("fit")
                    tables[network] = self.extract(
                        self.pool(network), settings, n_views=settings.n_fixed_views,
                        is_averaged=settings.average_views, fit_splits=settings.fit_splits,
                        verb="Extracting more layers" if tables else "Extracting",
                    )  # fmt: skip
                    self.note_time("extract")
                tables[chosen.features] = tables[network].narrow(self.pool(chosen.features).spec.n_features)
            return tables[chosen.features]

        choice = choose_fixed(settings, self.choose_widest(settings), extract, is_shown=self.context.verbose)
        self.note_time("fit")
        features = choice.kept.settings.features
        backbone, first = self.pool(features), self.choose_extracted(settings)
        return TrainedMethod(
            settings=choice.kept.settings, cut=backbone.spec.stages[-1].name, backbone=backbone, table=choice.table,
            fitted=choice.kept.fitted, candidates=choice.to_records(),
            extractor=self.pool(max(first, features, key=FEATURES.index)),
        )  # fmt: skip

    def choose_widest(self, settings: Settings) -> str:
        """Return the widest features to compare. Stored ones are what they are."""
        if self.stored is not None and settings.features == "auto":
            fitting = [one for one in FEATURES if self.stored.fits(self._make_spec(one))]
            return fitting[-1] if fitting else "last"
        return choose_widest(settings, self.backbone, len(self.catalog.photos) * settings.n_fixed_views)

    def choose_extracted(self, settings: Settings) -> str:
        """Return the features to extract first."""
        if self.stored is not None:
            return self.choose_widest(settings)
        return choose_extracted(settings, self.context.setup, len(self.catalog.photos) * settings.n_fixed_views)

    def _make_spec(self, features: str) -> FeatureSpec:
        return make_feature_spec(replace(self.context.setup, backbone=self.pool(features)))

    def pool(self, features: str) -> Backbone:
        """Return the backbone that gives these features: ``last``, ``all`` or ``wide``."""
        return pool_stages(self.backbone, features)

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
        fresh = None if self.fresh is None else self.fresh.activations
        tuned = tune_backbone(plain, settings, self.context, hyperparameters=hyperparameters, fresh=fresh)
        self.note_time("fit")
        return plain, _keep_fixed_head(plain, settings, tuned)

    def _extract_tuned(self, settings: Settings, plain: FeatureTable, tuned: TunedBackbone) -> TrainedMethod:
        # without the cache: no later training asks for the features of these weights
        above = self._compute_above(settings, tuned)
        runner = replace(self, catalog=plain.catalog, context=replace(self.context, cache=False), above=above)
        table = runner.extract(
            tuned.backbone, settings, n_views=settings.n_averaged, is_averaged=settings.average_views, verb="Judging",
            averaged_splits=AVERAGED_SPLITS,
        )  # fmt: skip
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
        photos = self.catalog.photos
        wanted = {(photo.digest, AS_IT_IS) for photo in photos}
        if settings.average_views:
            judged = [photo.digest for photo in photos if photo.split in AVERAGED_SPLITS]
            wanted |= set(product(judged, SYMMETRIES[: settings.n_averaged]))
        with show_progress("Judging", is_shown=self.context.verbose, unit="views") as progress:
            return tuned.trained_on.compute_features(setup, wanted, progress)

    def extract(
        self, backbone: Backbone, settings: Settings, *, n_views: int = 1, is_averaged: bool = False,
        fit_splits: Sequence[str] = ("train",), averaged_splits: Sequence[str] = SPLITS, verb: str = "Extracting",
    ) -> FeatureTable:  # fmt: skip
        """Return the catalog with the features that a backbone gives; see `build_feature_table`."""
        n_features, context = backbone.spec.n_features, self.context
        if backbone is self.backbone and n_views == 1 and self._has_fresh_wide():
            backbone = self.pool("wide")  # which computed these features, too
        setup = replace(context.setup, backbone=backbone)
        fresh = self.fresh if self.fresh is not None and self.fresh.fits(make_feature_spec(setup)) else None
        stored = self.above or fresh or self._embed(setup, settings.seed, n_views=n_views, is_averaged=is_averaged)
        with (
            open_feature_cache(cache=context.cache) as feature_cache,
            show_progress(verb, is_shown=context.verbose) as progress,
        ):
            table = build_feature_table(
                self.catalog, setup, n_views=n_views, is_averaged=is_averaged, seed=settings.seed,
                fit_splits=fit_splits, averaged_splits=averaged_splits, feature_cache=feature_cache, stored=stored,
                progress=progress,
            )  # fmt: skip
        n_computed = fresh.count_computed(table.catalog.photos) if fresh else 0
        table = table.narrow(n_features)
        return replace(table, n_extracted=table.n_extracted + n_computed, n_cached=table.n_cached - n_computed)

    def _has_fresh_wide(self) -> bool:
        fresh = self.fresh
        return fresh is not None and not self.backbone.is_quantised and fresh.fits(self._make_spec("wide"))

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
    """Give a training that was never better than its start the head that ``fixed`` fits to the last features.

    So it is no worse than that by chance.
    """
    if tuned.result.best_epoch or tuned.hyperparameters.is_random:
        return tuned
    fixed = fit_head_to_table(plain, settings)
    return replace(
        tuned, result=replace(tuned.result, head=fixed.head, factor=1.0),
        fitted=replace(tuned.fitted, head=fixed.head, class_weight=fixed.class_weight),
    )  # fmt: skip
