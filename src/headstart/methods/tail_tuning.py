"""Train above a cut: activations below it, torch above it, and a backbone with new weights comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import Backbone
from headstart.backbone.spec import PIXELS_CUT
from headstart.catalog.photo import SPLITS
from headstart.engine.processor import describe_engine
from headstart.head.class_weights import SKEW_OF_TUNED
from headstart.head.logistic import fit_logistic
from headstart.head.regularisation import choose_strength
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.head_fitting import FittedHead, prepare_views, weigh_classes
from headstart.methods.settings import Settings
from headstart.pixels.decode import describe_decoder
from headstart.pixels.views import AS_IT_IS, SYMMETRIES, View, draw_view
from headstart.process.progress import print_above, show_progress
from headstart.scale.ray_training import Workers, fit_on_ray
from headstart.storage.result_cache import name_result
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.task import TuningTask
from headstart.tune.torch_import import check_torch, limit_spinning

if TYPE_CHECKING:
    from headstart.tune.hyperparameters import Recipe
    from headstart.tune.result import Tuned
    from headstart.tune.trainable import FirstHead
    from headstart.tune.training_data import Lesson

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
    result: Tuned
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


def list_tuning_views(settings: Settings, cut: str) -> tuple[View, ...]:
    """Return the views whose activations are trained on; above ``pixels`` photos are changed anew in every epoch."""
    if cut == PIXELS_CUT:
        return (AS_IT_IS,)
    if settings.average_views:
        return SYMMETRIES[: settings.n_views or 4]
    if settings.n_views is None:
        return SYMMETRIES[:2]
    return tuple(draw_view("", number, settings.seed) for number in range(settings.n_views))


def tune_backbone(
    table: FeatureTable,
    backbone: Backbone,
    settings: Settings,
    *,
    image_size: int,
    is_kept: bool,
    verbose: bool,
    say: Callable[[str], None] = print_above,
    recipe: Recipe | None = None,
    workers: Workers | None = None,
) -> TunedBackbone:
    """Train the stages above a cut and the head on a table's training photos, watching its validation photos.

    Parameters
    ----------
    table
        With the pooled features of ``backbone``, from which the first head is trained.
    is_kept
        Keep activations, and what an interrupted training needs to go on, in the user's cache.
    recipe
        Default: that of the method for so many photos, with what the settings change of it.
    workers
        Who trains, on a Ray cluster. Default: this process.

    Raises
    ------
    MissingExtraError
        If torch or onnx is not installed, or Ray is not where it is to be used.
    CacheError, PhotoError
        As `open_activations`.
    FitError
        If training diverges, or there is not enough memory.
    """
    method = settings.method
    check_torch(f"train by {method}")
    limit_spinning()
    recipe = recipe or choose_recipe(method, settings, len(table.splits["train"].photos))
    cut = choose_cut(method, settings.cut, backbone)
    rows = {split: table.splits[split] for split in SPLITS[:2]}
    n_classes = len(table.catalog.labels)
    weights = weigh_classes(
        rows["train"].y, n_classes, settings.class_weight, rows["train"].weights, skew=SKEW_OF_TUNED
    )  # fmt: skip
    by_digest = dict(sorted({photo.digest: photo for some in rows.values() for photo in some.photos}.items()))
    numbers = {digest: n for n, digest in enumerate(by_digest)}
    lessons = {split: _make_lesson(some, numbers, weights) for split, some in rows.items() if some.photos}
    first = _fit_first_head(rows["train"], n_classes, weights, settings.seed, is_random=recipe.is_random)
    name = _name_training(table, backbone, settings, cut, recipe, image_size, workers) if is_kept else None
    task = TuningTask(
        tuple(by_digest.values()), backbone, cut, image_size, list_tuning_views(settings, cut), settings.precision,
        round(settings.cache_limit_gb * 1e9), is_kept, recipe, first, lessons["train"], lessons.get("validation"),
        settings.seed, settings.n_averaged, name,
    )  # fmt: skip
    tuned = _carry_out(task, method, workers, verbose=verbose, say=say if verbose else lambda _: None)
    return _put_in(task, tuned, weights)


def _carry_out(
    task: TuningTask, method: str, workers: Workers | None, *, verbose: bool, say: Callable[[str], None]
) -> Tuned:
    """Compute activations and train, here or on a Ray cluster."""
    activations = None
    if workers is None or (workers.is_here and task.is_kept):  # workers that are here find the file
        verb = "Decoding" if task.cut == PIXELS_CUT else f"Extracting up to {task.cut}"
        with show_progress(verb, is_shown=verbose, unit="views") as progress:
            activations = task.open(progress)
    with show_progress(f"Training ({method})", is_shown=verbose) as progress:
        if workers is not None:
            return fit_on_ray(task, workers, progress=progress, say=say)
        assert activations is not None  # noqa: S101  for the type checker
        return task.fit(activations, progress=progress, say=say)


def _put_in(task: TuningTask, tuned: Tuned, class_weight: npt.NDArray[np.float64] | None) -> TunedBackbone:
    """Return the backbone with the new weights."""
    from headstart.tune.graph import replace_weights

    backbone = task.backbone
    data = replace_weights(backbone.weights, tuned.weights)
    spec = replace(backbone.spec, weights_sha256=hashlib.sha256(data).hexdigest())
    return TunedBackbone(
        replace(backbone, spec=spec, weights=data), FittedHead(tuned.head, tuned.history, None, None, class_weight),
        tuned, task.cut, task.recipe, len(task.views), task.n_symmetric, Checkpoint(task.checkpoint),
    )  # fmt: skip


def choose_recipe(method: str, settings: Settings, n_train: int) -> Recipe:
    """Return the recipe of a method for so many training photos, with what the settings change of it."""
    from headstart.tune.hyperparameters import RECIPES

    recipe = RECIPES[method]
    recipe = recipe.stretch(n_train) if settings.epochs is None else recipe.limit(settings.epochs, n_train)
    if settings.learning_rate is not None:
        head_rate = recipe.head_rate * settings.learning_rate / recipe.learning_rate
        recipe = replace(recipe, learning_rate=settings.learning_rate, head_rate=head_rate)
    if settings.train_norms:  # for photos unlike those of the pretraining, on which training is likely to gain
        recipe = replace(recipe, is_norm_trained=True, n_errors=0.0)
    return recipe


def _make_lesson(rows: SplitFeatures, numbers: dict[str, int], class_weight: npt.NDArray[np.float64] | None) -> Lesson:
    from headstart.tune.training_data import Lesson

    weight = np.array([photo.weight for photo in rows.photos])
    if class_weight is not None:
        weight = weight * class_weight[rows.y]
    return Lesson(np.array([numbers[photo.digest] for photo in rows.photos], np.int64), rows.y, weight)


def _fit_first_head(
    rows: SplitFeatures, n_classes: int, class_weight: npt.NDArray[np.float64] | None, seed: int, *, is_random: bool
) -> FirstHead:
    """Fit the head that training begins with to the features of the pretrained network; at random it is all zeros."""
    from headstart.tune.trainable import FirstHead

    n_features = rows.X.shape[1]
    if is_random:
        zeros = np.zeros((n_features, n_classes), np.float32)
        return FirstHead(np.zeros(n_features), np.ones(n_features), zeros, zeros[0])
    prepared, groups = prepare_views(
        rows.X[None], rows.y, n_classes, class_weight=class_weight, sample_weight=rows.weights, groups=rows.groups,
        floor=FLOOR,
    )  # fmt: skip
    head = fit_logistic(prepared, strength=choose_strength(prepared, seed=seed, groups=groups).strength).head
    mean, scale = prepared.standardisation.mean, prepared.standardisation.scale
    weights = head.weights * scale[:, None]
    return FirstHead(mean, scale, weights.astype(np.float32), (head.bias + mean @ head.weights).astype(np.float32))


def _name_training(
    table: FeatureTable, backbone: Backbone, settings: Settings, cut: str, recipe: Recipe, image_size: int,
    workers: Workers | None,
) -> str:  # fmt: skip
    """Return a name from all that decides a training: the same command goes on from its checkpoint."""
    from headstart.tune.device import describe_torch

    settings = replace(settings, budget_s=1.0, cache_limit_gb=1.0)  # these two decide nothing
    facts: list[Any] = [
        backbone.spec.fingerprint(), cut, recipe, image_size, settings, describe_torch(), describe_engine(),
        describe_decoder(), table.precision,
    ]  # fmt: skip
    if workers is not None:
        facts.append(workers)
    for split in SPLITS[:2]:
        facts += [(split, photo.digest, photo.label, photo.weight, photo.group) for photo in table.splits[split].photos]
    return name_result("tuning", *map(repr, facts))
