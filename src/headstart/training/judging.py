"""Judge a trained classifier by photos that its head was fitted without."""

from __future__ import annotations

from typing import Any

from headstart.methods.cross_validation import cross_validate
from headstart.methods.method_runner import TrainedMethod
from headstart.methods.out_of_fold import has_folds
from headstart.process.progress import Progress


def cross_validate_trained(trained: TrainedMethod, progress: Progress) -> Any:
    """Cross-validate on the training and validation photos, or return None. The test photos are used once, at the end.

    Only a logistic head on pretrained features is cross-validated. The head ``adam`` has no strength to keep, and does
    not converge. Above a cut each fold would need a training of its own. Features that are fitted in passes, and
    thousands of classes, would take too long; the test set is then usually large, too.
    """
    table, fitted, settings = trained.table, trained.fitted, trained.settings
    if fitted.strength is None or not has_folds(trained):
        return None
    both = table.splits["train"].join(table.splits["validation"])
    return cross_validate(
        both.views if table.n_averaged > 1 else both.X[None], both.y, len(table.catalog.labels),
        strength=fitted.strength, seed=settings.seed, class_weight=settings.class_weight, sample_weight=both.weights,
        groups=both.groups, n_averaged=table.n_averaged, progress=progress,
    )  # fmt: skip
