"""Carry out one method on a catalog: features, a head, and above a cut a backbone of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from headstart.backbone.loading import Backbone
from headstart.backbone.widening import widen_backbone
from headstart.catalog.table import Catalog
from headstart.classifier.build import build_classifier
from headstart.classifier.metadata import Metadata, shorten_digests
from headstart.progress import show_progress
from headstart.training.fitting import FittedHead, fit_head
from headstart.training.settings import ADAM_EPOCHS, Settings
from headstart.training.table import Table, build_table, open_cache
from headstart.training.tuning import TunedBackbone, tune_backbone
from headstart.tune.checkpoint import Checkpoint


@dataclass(frozen=True, eq=False)
class Made:
    """What a method made of a catalog.

    Attributes
    ----------
    chosen
        The settings that were used: the method is none but itself, and the number of views its own.
    backbone
        The one in the classifier file.
    table
        The features that this backbone gives.
    tuned
        How the backbone was trained above the cut, or None if all of it is as pretrained.
    """

    chosen: Settings
    cut: str
    backbone: Backbone
    table: Table
    fitted: FittedHead
    tuned: TunedBackbone | None = None

    def build_file(self) -> bytes:
        """Return the classifier file."""
        table, chosen = self.table, self.chosen
        seen = ("train",) if self.tuned is None else ("train", "validation")  # the latter chose the epoch
        metadata = Metadata(
            labels=table.catalog.labels, image_size=table.image_size, spec=self.backbone.spec,
            precision=table.precision, method=chosen.method, cut=self.cut,
            head=chosen.head if self.tuned is None else "linear", seed=chosen.seed,
            n_views=chosen.n_fixed_views if self.tuned is None else self.tuned.n_views, n_averaged=table.n_averaged,
            trained_on=shorten_digests(photo.digest for split in seen for photo in table.splits[split].photos),
        )  # fmt: skip
        head = self.fitted.head
        return build_classifier(self.backbone, head.weights, head.bias, metadata)


@dataclass(frozen=True)
class Maker:
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
    """

    catalog: Catalog
    backbone: Backbone
    image_size: int
    is_caching: bool
    verbose: bool
    note_time: Callable[[str], None] = lambda _: None
    checkpoints: list[Checkpoint] = field(default_factory=list)

    @cached_property
    def wide_backbone(self) -> Backbone:
        """The backbone whose features are the means of several stages."""
        return widen_backbone(self.backbone)

    def make(self, chosen: Settings) -> Made:
        """Carry out the method of the settings, which is none but itself."""
        return self.make_fixed(chosen) if chosen.method == "fixed" else self.make_tuned(chosen)

    def make_fixed(self, chosen: Settings) -> Made:
        """Extract features and fit a head."""
        backbone = self.wide_backbone if chosen.features == "all" else self.backbone
        table = self.extract(backbone, chosen, n_views=chosen.n_fixed_views, is_averaged=chosen.average_views)
        self.note_time("extract")
        made = Made(chosen, backbone.spec.stages[-1].name, backbone, table, fit_table(table, chosen))
        self.note_time("fit")
        return made

    def make_tuned(self, chosen: Settings, *, is_averaged: bool = True, last_epoch: int | None = None) -> Made:
        """Train above a cut, and then have the engine compute features with the new weights.

        What is judged and reported later is so what the classifier file answers, and not what torch says of it. Answers
        are averaged over views if the settings say so, unless ``is_averaged`` is False. Training may end before the
        recipe does, after ``last_epoch``.
        """
        plain = self.extract(self.backbone, chosen)
        self.note_time("extract")
        maker = replace(self, catalog=plain.catalog)
        tuned = tune_backbone(
            plain, self.backbone, chosen, image_size=self.image_size, is_kept=self.is_caching, verbose=self.verbose,
            last_epoch=last_epoch,
        )  # fmt: skip
        self.note_time("fit")
        if not tuned.tuned.is_stopped:
            self.checkpoints.append(tuned.checkpoint)
        maker = replace(maker, is_caching=False)  # nobody will ask for features of these weights again
        if not is_averaged:
            chosen = replace(chosen, average_views=False, n_views=None)
        table = maker.extract(
            tuned.backbone, chosen, n_views=chosen.n_averaged, is_averaged=chosen.average_views, verb="Judging"
        )
        n_extracted, n_cached = plain.n_extracted, plain.n_cached
        table = replace(table, n_extracted=n_extracted, n_cached=n_cached)
        return Made(chosen, tuned.cut, tuned.backbone, table, tuned.fitted, tuned)

    def extract(
        self, backbone: Backbone, chosen: Settings, *, n_views: int = 1, is_averaged: bool = False,
        verb: str = "Extracting",
    ) -> Table:  # fmt: skip
        """Return the catalog with the features that a backbone gives."""
        with open_cache(self.is_caching) as store, show_progress(verb, is_shown=self.verbose) as progress:
            return build_table(
                self.catalog, backbone, image_size=self.image_size, precision=chosen.precision, n_views=n_views,
                is_averaged=is_averaged, seed=chosen.seed, cache=store, progress=progress,
            )  # fmt: skip


def fit_table(table: Table, chosen: Settings) -> FittedHead:
    """Fit a head to the training photos of a table."""
    train, validation = table.splits["train"], table.splits["validation"]
    return fit_head(
        train.views, train.y, len(table.catalog.labels), kind=chosen.head, seed=chosen.seed,
        strength=chosen.strength, class_weight=chosen.class_weight, sample_weight=train.weights, groups=train.groups,
        epochs=chosen.epochs or ADAM_EPOCHS, validation=(validation.X, validation.y) if validation.photos else None,
    )  # fmt: skip
