"""Judge a trained classifier by photos that its head was fitted without."""

from __future__ import annotations

from typing import Any

from headstart.features.near_copy_groups import NearCopies
from headstart.methods.elsewhere import judge_elsewhere
from headstart.methods.method_runner import TrainedMethod
from headstart.methods.nested_cross_validation import cross_validate_nested
from headstart.process.progress import Progress


def judge_trained(trained: TrainedMethod, near_copies: NearCopies | None, progress: Progress) -> dict[str, Any]:
    """Return the parts of metrics.json that judge heads like the trained one, by their keys."""
    return {
        "cross_validation": cross_validate_nested(trained, progress),
        "elsewhere": judge_elsewhere(trained, () if near_copies is None else near_copies.pairs, progress),
    }
