"""Fit a head to the training photos of a table of features."""

from __future__ import annotations

from headstart.methods.feature_table import FeatureTable
from headstart.methods.head_fitting import FittedHead, fit_head
from headstart.methods.settings import ADAM_EPOCHS, Settings


def fit_head_to_table(table: FeatureTable, settings: Settings, *, is_shown: bool = False) -> FittedHead:
    """Fit a head to the training photos of a table."""
    train, validation = table.splits["train"], table.splits["validation"]
    return fit_head(
        train.views, train.y, len(table.catalog.labels), kind=settings.first_head, seed=settings.seed,
        strength=settings.strength, class_weight=settings.class_weight, sample_weight=train.weights,
        groups=train.groups, epochs=settings.epochs or ADAM_EPOCHS,
        validation=(validation.X, validation.y) if validation.photos else None, is_shown=is_shown,
    )  # fmt: skip
