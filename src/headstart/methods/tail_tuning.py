"""Train above a cut: compute activations below it, train above it with torch, and build a backbone with new weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import Backbone
from headstart.backbone.spec import PIXELS_CUT, BackboneSpec
from headstart.catalog.photo import SPLITS
from headstart.errors import BackboneError
from headstart.features.activations import choose_activation_dtype
from headstart.features.tail_features import CutActivations
from headstart.head.class_weights import POWER_OF_TUNED, SKEW_OF_TUNED
from headstart.head.logistic import fit_logistic
from headstart.head.regularisation import choose_strength
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.head_fitting import FittedHead, prepare_views, weigh_classes
from headstart.methods.settings import TUNED, Settings
from headstart.methods.training_context import TrainingContext
from headstart.pixels.decode import describe_decoder
from headstart.pixels.views import AS_IT_IS, SYMMETRIES, View, ViewChoice, draw_view
from headstart.process.progress import print_above, show_progress
from headstart.scale.ray_training import fit_on_ray
from headstart.storage.result_cache import name_result
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.hyperparameters import Hyperparameters, find_hyperparameters
from headstart.tune.task import TuningTask
from headstart.tune.torch_import import check_torch, limit_spinning
from headstart.tune.training_plan import FirstHead, TrainingData, TrainingPlan

if TYPE_CHECKING:
    from headstart.features.activations import Activations
    from headstart.features.fresh_activations import FreshActivations
    from headstart.tune.result import TuningResult

# Floor of `prepare_rows` for the first head: no divisor is below the median standard deviation. Otherwise a nearly
# constant feature gets a large weight, which magnifies every change of the network below it. On solar cells and coffee
# leaves this head was as accurate as the fixed head, and its largest weight was a twentieth.
FLOOR = 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class TunedBackbone:
    """A backbone with trained weights above a cut, and the head for its features.

    Attributes
    ----------
    n_views
        Number of views of each photo whose activations were trained on.
    n_symmetric
        Number of symmetric views that augmentation treats as equal to the photo; see `augment_pixels`.
    trained_on
        The activations that were trained on, until the trained network is judged. None: they are on other machines.
    """

    backbone: Backbone
    fitted: FittedHead
    result: TuningResult
    cut: str
    hyperparameters: Hyperparameters
    n_views: int
    n_symmetric: int
    checkpoint: Checkpoint
    trained_on: CutActivations | None = None


def choose_cut(method: str, cut: str | None, backbone: Backbone) -> str:
    """Return the cut of a method: ``cut``, or the method's default.

    Raises
    ------
    BackboneError
        If the backbone has no such stage, or has several networks and the method trains above a cut.
    """
    if method in TUNED or cut is not None:
        check_one_network(f"train by {method}", backbone.spec)
    if cut is not None:
        return cut if cut == PIXELS_CUT else backbone.spec.find_stage(cut).name
    return {"hybrid": backbone.spec.default_cut, "fixed": backbone.spec.stages[-1].name}.get(method, PIXELS_CUT)


def check_one_network(what: str, spec: BackboneSpec) -> None:
    """Raise BackboneError if a backbone has several networks side by side, of which none can be cut."""
    if spec.parts:
        raise BackboneError(
            f"Cannot {what}: got backbone {spec.name!r} with {len(spec.parts)} networks, need one network. Name one of "
            "them with one --image-size, or use --method fixed."
        )


def list_tuning_views(settings: Settings, cut: str) -> tuple[View | ViewChoice, ...]:
    """Return the views of each photo whose activations are trained on.

    If predictions are averaged over symmetric views, each photo has two of them: itself, and one of the others. All
    photos together have all views. The part below the cut is then passed half as often as with four views of each.
    """
    if cut == PIXELS_CUT:
        return (AS_IT_IS,)  # augmentation draws other views in every epoch
    if settings.average_views:
        return (AS_IT_IS, ViewChoice(SYMMETRIES[1 : settings.n_averaged]))
    if settings.n_views is None:
        return SYMMETRIES[:2]
    return tuple(draw_view("", number, settings.seed) for number in range(settings.n_views))


def tune_backbone(
    table: FeatureTable, settings: Settings, context: TrainingContext, *, say: Callable[[str], None] = print_above,
    hyperparameters: Hyperparameters | None = None, fresh: FreshActivations | None = None,
) -> TunedBackbone:  # fmt: skip
    """Train the stages above a cut and the head on the training photos of a table.

    The validation photos choose the best epoch.

    Parameters
    ----------
    table
        Features of the pretrained backbone, to which the first head is fitted.
    hyperparameters
        Default: those of the method for this number of photos, as changed by the settings.
    fresh
        Activations of photos as they are that this training has computed already.
    """
    method, setup = settings.method, context.setup
    check_torch(f"train by {method}")
    limit_spinning()
    hyperparameters = hyperparameters or choose_hyperparameters(method, settings, len(table.splits["train"].photos))
    cut = choose_cut(method, settings.cut, setup.backbone)
    splits = {split: table.splits[split] for split in SPLITS[:2]}
    train, n_classes = splits["train"], len(table.catalog.labels)
    class_weight = weigh_classes(train.y, n_classes, settings.class_weight, train.weights, skew=SKEW_OF_TUNED)
    by_digest = dict(sorted({photo.digest: photo for some in splits.values() for photo in some.photos}.items()))
    numbers = {digest: n for n, digest in enumerate(by_digest)}
    first = _fit_first_head(train, n_classes, class_weight, settings.seed, is_random=hyperparameters.is_random)
    if class_weight is not None and settings.class_weight == "auto":
        class_weight = class_weight**POWER_OF_TUNED
    data = {split: _make_training_data(some, numbers, class_weight) for split, some in splits.items() if some.photos}
    name = _name_training(table, settings, context, cut=cut, hyperparameters=hyperparameters) if context.cache else None
    plan = TrainingPlan(
        cut=cut, hyperparameters=hyperparameters, first_head=first, train=data["train"],
        validation=data.get("validation"), seed=settings.seed, n_symmetric=settings.n_averaged,
    )  # fmt: skip
    task = TuningTask(
        photos=tuple(by_digest.values()), setup=setup, views=list_tuning_views(settings, cut), plan=plan,
        limit_bytes=round(settings.cache_limit_gb * 1e9), cache=context.cache, checkpoint=name,
    )  # fmt: skip
    fresh = fresh if cut != PIXELS_CUT and fresh is not None and fresh.fits(setup, cut) else None
    activations, result = _run_task(task, method, context, fresh, say if context.verbose else lambda _: None)
    tuned = _replace_weights(task, result, class_weight)
    if activations is None:
        return tuned
    return replace(tuned, trained_on=CutActivations(activations, task.photos, task.views, cut, fresh))


def _run_task(
    task: TuningTask, method: str, context: TrainingContext, fresh: FreshActivations | None, say: Callable[[str], None]
) -> tuple[Activations | None, TuningResult]:
    """Compute activations and train, in this process or on a Ray cluster. Return both; None: they are elsewhere."""
    activations, workers, verbose = None, context.workers, context.verbose
    if workers is None or (workers.is_local and task.cache):  # workers on this machine find the file in its cache
        verb = "Decoding" if task.plan.cut == PIXELS_CUT else f"Extracting up to {task.plan.cut}"
        with show_progress(verb, is_shown=verbose, unit="views") as progress:
            activations = task.open(progress, fresh)
    with show_progress(f"Training ({method})", is_shown=verbose) as progress:
        if workers is not None:
            return activations, fit_on_ray(task, workers, progress=progress, say=say)
        assert activations is not None  # noqa: S101  for the type checker
        return activations, task.fit(activations, progress=progress, say=say)


def _replace_weights(
    task: TuningTask, result: TuningResult, class_weight: npt.NDArray[np.float64] | None
) -> TunedBackbone:
    """Build the backbone with the trained weights."""
    from headstart.tune.graph import replace_weights

    backbone, plan = task.setup.backbone, task.plan
    data = replace_weights(backbone.weights, result.weights)
    spec = replace(backbone.spec, weights_sha256=hashlib.sha256(data).hexdigest())
    return TunedBackbone(
        backbone=replace(backbone, spec=spec, weights=data),
        fitted=FittedHead(head=result.head, history=result.history, class_weight=class_weight, kind="linear"),
        result=result, cut=plan.cut, hyperparameters=plan.hyperparameters, n_views=len(task.views),
        n_symmetric=plan.n_symmetric, checkpoint=Checkpoint(task.checkpoint),
    )  # fmt: skip


def choose_hyperparameters(method: str, settings: Settings, n_train: int) -> Hyperparameters:
    """Return the hyperparameters of a method for a number of training photos, as changed by the settings."""
    default = find_hyperparameters(method, is_norm_trained=settings.train_norms)
    found = default.stretch(n_train) if settings.epochs is None else default.limit(settings.epochs, n_train)
    if settings.learning_rate is not None:
        head_rate = found.head_rate * settings.learning_rate / found.learning_rate
        found = replace(found, learning_rate=settings.learning_rate, head_rate=head_rate)
    return found


def _make_training_data(
    split: SplitFeatures, numbers: dict[str, int], class_weight: npt.NDArray[np.float64] | None
) -> TrainingData:
    weight = np.array([photo.weight for photo in split.photos])
    if class_weight is not None:
        weight = weight * class_weight[split.y]
    return TrainingData(np.array([numbers[photo.digest] for photo in split.photos], np.int64), split.y, weight)


def _fit_first_head(
    train: SplitFeatures, n_classes: int, class_weight: npt.NDArray[np.float64] | None, seed: int, *, is_random: bool
) -> FirstHead:
    """Fit the head that training begins with to the features of the network. If that is random, return all zeros."""
    if is_random:
        return FirstHead.make_zero(train.X.shape[1], n_classes)
    prepared, groups = prepare_views(
        train.X[None], train.y, n_classes, class_weight=class_weight, sample_weight=train.weights, groups=train.groups,
        floor=FLOOR,
    )  # fmt: skip
    head = fit_logistic(prepared, strength=choose_strength(prepared, seed=seed, groups=groups).strength).head
    mean, scale = prepared.standardisation.mean, prepared.standardisation.scale
    weights = head.weights * scale[:, None]
    return FirstHead(mean, scale, weights.astype(np.float32), (head.bias + mean @ head.weights).astype(np.float32))


def _name_training(
    table: FeatureTable, settings: Settings, context: TrainingContext, *, cut: str, hyperparameters: Hyperparameters
) -> str:
    """Name the checkpoint by everything that decides a training, so that the same command resumes it."""
    from headstart.tune.device import describe_torch

    setup, some = context.setup, [table.splits[split] for split in SPLITS[:2]]
    n_items = len({photo.digest for one in some for photo in one.photos}) * len(list_tuning_views(settings, cut))
    dtype = choose_activation_dtype(setup, cut, n_items, round(settings.cache_limit_gb * 1e9))
    # these do not change the result, or only by the facts and photos below
    settings = replace(
        settings, budget_s=1.0, cache_limit_gb=1.0, test_share=None, validation_share=None, repeats=1
    )  # fmt: skip
    facts = (
        setup.image_size, settings, describe_torch(), setup.describe_engine(), describe_decoder(), table.precision,
        str(dtype),
    )  # fmt: skip
    texts = [repr(fact) for fact in facts]
    if context.workers is not None:
        texts.append(context.workers.describe())
    for split, one in zip(SPLITS[:2], some, strict=True):
        texts += [repr((split, photo.digest, photo.label, photo.weight, photo.group)) for photo in one.photos]
    fingerprint = repr(setup.spec.fingerprint())
    return name_result("tuning", fingerprint, repr(cut), hyperparameters.describe(), *texts)
