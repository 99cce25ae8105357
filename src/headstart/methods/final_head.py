"""Fit the head of ``fixed`` again, once it was judged, to photos that were held out from the first fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from headstart.head.linear import LinearHead
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.head_fitting import FittedHead, fit_head, is_streamed
from headstart.methods.settings import Settings

# Photos times classes. Above it, a second fit takes minutes and gains next to nothing, so only --fit-on asks for it.
MAX_SCORES = 5_000_000


@dataclass(frozen=True, eq=False, kw_only=True)
class FinalHead:
    """A head that was fitted again.

    Attributes
    ----------
    head
        Head of the classifier file.
    judged
        Head whose predictions of the test photos are reported: fitted to the training and validation photos. It is
        ``head`` unless that was fitted to the test photos, too.
    class_weight
        (C,) class weights of ``head``, or None if all are equal.
    splits
        Splits that ``head`` was fitted to.
    is_converged
        Whether the solver reached the optimum of both heads.
    """

    head: LinearHead
    judged: LinearHead
    class_weight: npt.NDArray[np.float64] | None
    splits: tuple[str, ...]
    is_converged: bool = True

    def scale(self, factor: float) -> FinalHead:
        """Return the heads with their scores multiplied by a factor; see `LinearHead.scale`."""
        head = self.head.scale(factor)
        return replace(self, head=head, judged=head if self.judged is self.head else self.judged.scale(factor))


def fit_final_head(table: FeatureTable, settings: Settings, fitted: FittedHead) -> FinalHead | None:
    """Fit a logistic head again to more splits, with the strength of the first fit.

    If the first fit balanced the classes, this one does, with weights for its own photos; if not, it does not.

    Return None if no split is added: because of ``settings.fit_on``, because the splits are empty, or because features
    are larger than memory or scores are too many and ``fit_on`` is not given.

    The strength C is kept: it weighs the loss of all photos against one penalty, so that more photos make the
    regularisation relatively weaker. docs/decisions/0040-fitted-twice.md has the measurement.
    """
    if fitted.strength is None:
        return None
    kept = [split for split in settings.fit_splits if table.splits[split].photos]
    if kept == ["train"]:
        return None
    n_classes = len(table.catalog.labels)
    photos = _join([table.splits[split] for split in kept])
    if settings.fit_on is None and (is_streamed(photos.views) or len(photos.y) * n_classes > MAX_SCORES):
        return None
    final = judged = _fit(photos, n_classes, settings, fitted)
    if "test" in kept:
        without = [split for split in kept if split != "test"]
        judged = fitted if without == ["train"] else _fit(
            _join([table.splits[split] for split in without]), n_classes, settings, fitted
        )  # fmt: skip
    return FinalHead(
        head=final.head, judged=judged.head, class_weight=final.class_weight, splits=tuple(kept),
        is_converged=final.is_converged and judged.is_converged,
    )  # fmt: skip


def _join(parts: Sequence[SplitFeatures]) -> SplitFeatures:
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.join(part)
    return joined


def _fit(photos: SplitFeatures, n_classes: int, settings: Settings, fitted: FittedHead) -> FittedHead:
    return fit_head(
        photos.views, photos.y, n_classes, kind=fitted.kind, seed=settings.seed, strength=fitted.strength,
        class_weight=fitted.class_weight_rule, sample_weight=photos.weights, standardisation=fitted.standardisation,
    )  # fmt: skip
