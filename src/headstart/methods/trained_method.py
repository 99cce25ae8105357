"""The result of one method on one catalog, and the classifier file that it makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headstart.backbone.backbone import Backbone
from headstart.classifier.build import build_classifier
from headstart.classifier.decision import Decision
from headstart.classifier.file import ClassifierFile
from headstart.classifier.label_sets import LabelSets
from headstart.classifier.metadata import Metadata
from headstart.classifier.seal import check_seal
from headstart.head.linear import LinearHead
from headstart.head.novelty import NoveltyTest
from headstart.methods.feature_table import FeatureTable
from headstart.methods.final_head import FinalHead, fit_final_head
from headstart.methods.head_fitting import FittedHead
from headstart.methods.held_out_scores import OutOfFold
from headstart.methods.own_novelties import OwnNovelties
from headstart.methods.settings import Settings
from headstart.methods.tail_tuning import TunedBackbone

if TYPE_CHECKING:
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
    extractor
        Network that computed the features, of which the backbone gives the last ones. None: the backbone.
    candidates
        Features and heads that cross-validation compared, as records for metrics.json.
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
    extractor: Backbone | None = None
    candidates: tuple[dict[str, Any], ...] = ()

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
            cut=self.cut, head=self.fitted.kind, seed=settings.seed,
            n_views=settings.n_fixed_views if tuned is None else tuned.n_views, n_averaged=table.n_averaged,
            decision=decision, n_novelty_photos=None if self.novelty is None else self.novelty.n_units,
            label_sets=label_sets,
        )  # fmt: skip
        head = self.fitted.head if self.final is None else self.final.head
        data = build_classifier(self.backbone, head.weights, head.bias, metadata, self.novelty)
        return ClassifierFile(data, check_seal(data), metadata, head.weights, head.bias, self.novelty)
