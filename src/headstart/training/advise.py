"""Which method suits some photos, before any is trained by it: both axes of the quadrants, measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.catalog.table import Catalog
from headstart.errors import FitError
from headstart.features.similarity import Similarity, measure_similarity
from headstart.head.folds import make_folds
from headstart.head.strength import hold_out
from headstart.progress import show_progress
from headstart.training.expecting import Expectation, estimate_seconds, expect_accuracy
from headstart.training.fitting import prepare_views, weigh_classes
from headstart.training.making import Made, Maker
from headstart.training.settings import METHODS, Settings
from headstart.training.table import Rows
from headstart.training.tuning import choose_cut

LARGE = 2_000  # photos per class: from here on a set is large enough to train whole networks on
WORTH = 0.01  # of accuracy that a slower method must be expected to gain


@dataclass(frozen=True)
class Advice:
    """Which method suits some photos, and why.

    Attributes
    ----------
    method, cut
        What to train with.
    quadrant
        ``small and similar``, ``small and dissimilar``, ``large and similar`` or ``large and dissimilar``.
    similarity
        0 to 1, see `Similarity`.
    n_photos, n_per_class
        In the training split, and how many of each class.
    evidence
        What was measured.
    methods
        What may be expected of each.
    why
        The reason in a sentence.
    """

    method: str
    cut: str
    quadrant: str
    similarity: float
    n_photos: int
    n_per_class: dict[str, int]
    evidence: dict[str, Any]
    methods: dict[str, Expectation]
    why: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return {"schema": 1, **asdict(self)}


def advise_method(
    photos: Catalog | str | Path,
    *,
    backbone: str = "mobilenet_v2",
    image_size: int | None = None,
    seed: int = 0,
    cache: bool = True,
    verbose: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Advice:
    """Measure photos and advise on the method to train with.

    The features of the frozen backbone are extracted (and cached, so that training finds them), a head is fitted and
    cross-validated, its learning curve drawn, and 100 photos are compared with what the backbone remembers of
    ImageNet. The test photos have no part in it.

    Parameters
    ----------
    photos
        A catalog, or a folder or CSV to scan for one.
    say
        Called with sentences for the user.

    Raises
    ------
    HeadstartError
        If the photos cannot be used, or are too few to hold some out.
    """
    loaded = load_backbone(backbone)
    size = loaded.spec.check_image_size(image_size or loaded.spec.image_size)
    chosen = Settings(method="fixed", backbone=backbone, image_size=size, seed=seed)
    chosen.check()
    if isinstance(photos, Catalog):
        catalog = photos
    else:
        with show_progress("Scanning", is_shown=verbose) as progress:
            catalog = scan_photos(photos, seed=seed, cache=cache, progress=progress)
    maker = Maker(catalog, loaded, size, cache, verbose)
    made = maker.make(chosen)
    catalog, train = made.table.catalog, made.table.splits["train"]
    with show_progress("Comparing with ImageNet", is_shown=verbose) as progress:
        similarity = measure_similarity(train.photos, loaded, image_size=size, progress=progress)
    curve = _draw_learning_curve(made)
    if not curve:
        raise FitError(
            f"Cannot advise on '{catalog.source}': got {len(train.y)} training photos, too few to hold some out. "
            "Add photos, or train with --method fixed."
        )
    counts = Counter(photo.label for photo in train.photos)
    per_class = len(train.y) / len(counts)
    facts = {
        "fixed": curve[-1]["accuracy"], "n_judged": curve[-1]["n_judged"], "guess": max(counts.values()) / len(train.y),
        "n_per_class": per_class, "similarity": similarity,
    }  # fmt: skip
    methods = {}
    say("Timing a few steps of each method.")
    for method in METHODS[1:]:
        seconds = estimate_seconds(maker, replace(chosen, method=method), len(train.y))
        methods[method] = Expectation(*expect_accuracy(method, **facts), round(seconds, 1))
    method, why = _choose(methods, similarity, is_large=per_class >= LARGE)
    size_name, kind = "large" if per_class >= LARGE else "small", "similar" if similarity.is_similar else "dissimilar"
    return Advice(
        method=method, cut=choose_cut(method, None, loaded), quadrant=f"{size_name} and {kind}",
        similarity=round(similarity.value, 4), n_photos=len(train.y), n_per_class=dict(sorted(counts.items())),
        evidence={
            "distance": round(similarity.distance, 4), "photos_compared": similarity.n_photos,
            "cross_validated_accuracy": curve[-1]["accuracy"], "learning_curve": curve,
            "is_still_rising": _is_rising(curve), "photos_per_class": round(per_class, 1),
        },
        methods=methods, why=why,
    )  # fmt: skip


def _choose(methods: dict[str, Expectation], similarity: Similarity, *, is_large: bool) -> tuple[str, str]:
    """Return the method and the reason."""
    fixed, hybrid = methods["fixed"].expected_accuracy, methods["hybrid"].expected_accuracy
    if similarity.is_similar and hybrid - fixed < WORTH:
        return "fixed", "the photos are like those that the network learned from, so what it sees in them is enough"
    if hybrid - fixed < WORTH:
        return "fixed", f"a head on frozen features is right {fixed:.1%} of the time already"
    if is_large:
        return "finetune", "there are many photos, unlike those that the network learned from"
    return "hybrid", (
        "the photos are unlike those that the network learned from, so its upper stages should be trained on them, and "
        "there are too few to train all of it"
    )


def _draw_learning_curve(made: Made) -> list[dict[str, Any]]:
    """Return the cross-validated accuracy of heads that are fitted to a quarter, a half and all of the photos."""
    train, chosen = made.table.splits["train"], made.chosen
    quarter = make_folds(
        train.y, n_folds=4, seed=chosen.seed, groups=None if train.groups is None else np.array(train.groups)
    )
    curve: list[dict[str, Any]] = []
    for n_quarters in (1, 2, 4):
        at = np.flatnonzero(quarter < n_quarters)
        rows = Rows(tuple(train.photos[i] for i in at), train.X[at], train.y[at], train.X[at][None])
        if len(np.unique(rows.y)) < 2 or made.fitted.strength is None:
            continue
        n_classes = len(made.table.catalog.labels)
        weights = None
        if len(np.unique(rows.y)) == n_classes:
            weights = weigh_classes(rows.y, n_classes, chosen.class_weight, rows.weights)
        prepared, groups = prepare_views(
            rows.views, rows.y, n_classes, class_weight=weights, sample_weight=rows.weights, groups=rows.groups
        )
        # the strength acts on the sum over photos: as many photos as there are, so much the firmer it must be held
        held = hold_out(prepared, strength=made.fitted.strength, seeds=[chosen.seed], groups=groups)[0]
        is_judged = held.fold >= 0
        if is_judged.any():
            accuracy = float(held.is_right[is_judged].mean())
            curve.append({"n": len(at), "accuracy": round(accuracy, 4), "n_judged": int(is_judged.sum())})
    return curve


def _is_rising(curve: list[dict[str, Any]]) -> bool:
    """Say whether the last doubling of the photos took away more errors than chance does."""
    if len(curve) < 2:
        return True
    (before, after), n = (curve[-2]["accuracy"], curve[-1]["accuracy"]), curve[-2]["n_judged"]
    return bool(after - before > math.sqrt(before * (1 - before) / n))
