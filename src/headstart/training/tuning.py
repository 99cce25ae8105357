"""Train above a cut: activations below it, torch above it, and a backbone with new weights comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.loading import Backbone
from headstart.backbone.processor import describe_engine
from headstart.backbone.spec import PIXELS_CUT
from headstart.catalog.table import Photo
from headstart.features.activations import Activations, open_activations
from headstart.head.balance import SKEW_OF_TUNED
from headstart.head.logistic import fit_prepared
from headstart.head.strength import choose_strength
from headstart.pixels.decode import describe_decoder
from headstart.pixels.views import AS_IT_IS, SYMMETRIES, View, draw_view
from headstart.progress import print_above, show_progress
from headstart.shelf import name_result
from headstart.training.fitting import FittedHead, prepare_views, weigh_classes
from headstart.training.settings import Settings
from headstart.training.table import SPLITS, Rows, Table
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.torch_door import check_torch

if TYPE_CHECKING:
    from headstart.tune.lesson import Lesson
    from headstart.tune.recipe import Recipe
    from headstart.tune.trainee import FirstHead
    from headstart.tune.tuned import Tuned

# A first head leans on no feature that hardly varies: such a one would be magnified with every change of the network
# below it. On solar cells and coffee leaves it was as accurate as the fixed head, and its largest weight a twentieth.
FLOOR = 1.0


@dataclass(frozen=True, eq=False)
class TunedBackbone:
    """What training above a cut gave: a backbone of its own, and the head for its features.

    Attributes
    ----------
    n_views
        Of each photo whose activations were trained on.
    n_symmetric
        Where photos were changed anew in every epoch: as `augment_pixels`.
    """

    backbone: Backbone
    fitted: FittedHead
    tuned: Tuned
    cut: str
    recipe: Recipe
    n_views: int
    n_symmetric: int
    checkpoint: Checkpoint


def choose_cut(method: str, cut: str | None, backbone: Backbone) -> str:
    """Return the cut of a method: the one that is asked for, or the method's own."""
    if cut is not None:
        return cut if cut == PIXELS_CUT else backbone.spec.find_stage(cut).name
    return {"hybrid": backbone.spec.default_cut, "fixed": backbone.spec.stages[-1].name}.get(method, PIXELS_CUT)


def list_tuning_views(chosen: Settings, cut: str) -> tuple[View, ...]:
    """Return the views whose activations are trained on; above ``pixels`` photos are changed anew in every epoch."""
    if cut == PIXELS_CUT:
        return (AS_IT_IS,)
    if chosen.average_views:
        return SYMMETRIES[: chosen.n_views or 4]
    if chosen.n_views is None:
        return SYMMETRIES[:2]
    return tuple(draw_view("", number, chosen.seed) for number in range(chosen.n_views))


def tune_backbone(
    table: Table,
    backbone: Backbone,
    chosen: Settings,
    *,
    image_size: int,
    is_kept: bool,
    verbose: bool,
    say: Callable[[str], None] = print_above,
    recipe: Recipe | None = None,
) -> TunedBackbone:
    """Train the stages above a cut and the head on a table's training photos, watching its validation photos.

    Parameters
    ----------
    table
        With the pooled features of ``backbone``, from which the first head is made.
    is_kept
        Keep activations, and what an interrupted training needs to go on, in the user's cache.
    recipe
        Default: that of the method for so many photos, with what the settings change of it.

    Raises
    ------
    MissingExtraError
        If torch or onnx is not installed.
    CacheError, PhotoError
        As `open_activations`.
    FitError
        If training diverges, or there is not enough memory.
    """
    method = chosen.method
    check_torch(f"train by {method}")
    from headstart.tune.fit import fit_tail
    from headstart.tune.graph import read_graph, replace_weights

    recipe = recipe or choose_recipe(method, chosen, len(table.splits["train"].photos))
    cut = choose_cut(method, chosen.cut, backbone)
    photos = [photo for split in SPLITS[:2] for photo in table.splits[split].photos]
    by_digest = dict(sorted({photo.digest: photo for photo in photos}.items()))
    activations = _compute(list(by_digest.values()), backbone, chosen, cut, image_size, is_kept, verbose)
    numbers = {digest: n for n, digest in enumerate(by_digest)}
    rows = {split: table.splits[split] for split in SPLITS[:2]}
    n_classes = len(table.catalog.labels)
    weights = weigh_classes(
        rows["train"].y, n_classes, chosen.class_weight, rows["train"].weights, skew=SKEW_OF_TUNED
    )  # fmt: skip
    lessons = {split: _make_lesson(some, numbers, weights) for split, some in rows.items() if some.photos}
    first = _fit_first_head(rows["train"], n_classes, weights, chosen.seed, is_random=recipe.is_random)
    checkpoint = Checkpoint(_name_training(table, backbone, chosen, cut, recipe, image_size) if is_kept else None)
    with show_progress(f"Training ({method})", is_shown=verbose) as progress:
        tuned = fit_tail(
            read_graph(backbone.weights), backbone.spec, activations, cut=cut, recipe=recipe, start=first,
            train=lessons["train"], validation=lessons.get("validation"), seed=chosen.seed,
            n_symmetric=chosen.n_averaged, checkpoint=checkpoint, progress=progress,
            say=say if verbose else lambda _: None,
        )  # fmt: skip
    data = replace_weights(backbone.weights, tuned.weights)
    spec = replace(backbone.spec, weights_sha256=hashlib.sha256(data).hexdigest())
    fitted = FittedHead(tuned.head, tuned.history, None, None, weights)
    return TunedBackbone(
        replace(backbone, spec=spec, weights=data), fitted, tuned, cut, recipe, len(activations.array),
        chosen.n_averaged, checkpoint,
    )  # fmt: skip


def choose_recipe(method: str, chosen: Settings, n_train: int) -> Recipe:
    """Return the recipe of a method for so many training photos, with what the settings change of it."""
    from headstart.tune.recipe import RECIPES

    recipe = RECIPES[method]
    recipe = recipe.stretch(n_train) if chosen.epochs is None else recipe.limit(chosen.epochs, n_train)
    if chosen.learning_rate is not None:
        head_rate = recipe.head_rate * chosen.learning_rate / recipe.learning_rate
        recipe = replace(recipe, learning_rate=chosen.learning_rate, head_rate=head_rate)
    if chosen.train_norms:  # for photos unlike those of the pretraining, on which training is likely to gain
        recipe = replace(recipe, is_norm_trained=True, n_errors=0.0)
    return recipe


def _compute(
    photos: list[Photo], backbone: Backbone, chosen: Settings, cut: str, image_size: int, is_kept: bool, verbose: bool
) -> Activations:
    views = list_tuning_views(chosen, cut)
    verb = "Decoding" if cut == PIXELS_CUT else f"Extracting up to {cut}"
    with show_progress(verb, is_shown=verbose, unit="views") as progress:
        return open_activations(
            photos, backbone, cut=cut, image_size=image_size, views=views, precision=chosen.precision,
            limit_bytes=round(chosen.cache_limit_gb * 1e9), is_kept=is_kept, progress=progress,
        )  # fmt: skip


def _make_lesson(rows: Rows, numbers: dict[str, int], class_weight: npt.NDArray[np.float64] | None) -> Lesson:
    from headstart.tune.lesson import Lesson

    weight = np.array([photo.weight for photo in rows.photos])
    if class_weight is not None:
        weight = weight * class_weight[rows.y]
    return Lesson(np.array([numbers[photo.digest] for photo in rows.photos], np.int64), rows.y, weight)


def _fit_first_head(
    rows: Rows, n_classes: int, class_weight: npt.NDArray[np.float64] | None, seed: int, *, is_random: bool
) -> FirstHead:
    """Fit the head that training begins with to the features of the pretrained network; at random it is all zeros."""
    from headstart.tune.trainee import FirstHead

    n_features = rows.X.shape[1]
    if is_random:
        zeros = np.zeros((n_features, n_classes), np.float32)
        return FirstHead(np.zeros(n_features), np.ones(n_features), zeros, zeros[0])
    prepared, groups = prepare_views(
        rows.X[None], rows.y, n_classes, class_weight=class_weight, sample_weight=rows.weights, groups=rows.groups,
        floor=FLOOR,
    )  # fmt: skip
    head = fit_prepared(prepared, strength=choose_strength(prepared, seed=seed, groups=groups).strength).head
    mean, scale = prepared.standardisation.mean, prepared.standardisation.scale
    weights = head.weights * scale[:, None]
    return FirstHead(mean, scale, weights.astype(np.float32), (head.bias + mean @ head.weights).astype(np.float32))


def _name_training(
    table: Table, backbone: Backbone, chosen: Settings, cut: str, recipe: Recipe, image_size: int
) -> str:
    """Return a name from all that decides a training: the same command goes on from its checkpoint."""
    from headstart.tune.device import describe_torch

    chosen = replace(chosen, budget_s=1.0, cache_limit_gb=1.0)  # these two decide nothing
    facts: list[Any] = [
        backbone.spec.fingerprint(), cut, recipe, image_size, chosen, describe_torch(), describe_engine(),
        describe_decoder(), table.precision,
    ]  # fmt: skip
    for split in SPLITS[:2]:
        facts += [(split, photo.digest, photo.label, photo.weight, photo.group) for photo in table.splits[split].photos]
    return name_result("tuning", *map(repr, facts))
