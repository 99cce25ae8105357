"""A made-up world in which `auto` chooses a method: nothing is trained, and the clock is the world's."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS, Photo
from headstart.errors import MissingExtraError
from headstart.features.similarity import Similarity
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.settings import Settings
from headstart.methods.tail_tuning import choose_hyperparameters
from headstart.methods.trained_method import TrainedMethod
from headstart.training.auto import choose_method
from headstart.training.measurements import Measurements
from headstart.training.trials import ValidationResult


def make_catalog(*, n_train=400, n_validation=0, n_test=50):
    """Make a catalog of two classes of equal size."""
    splits = ["train"] * n_train + ["validation"] * n_validation + ["test"] * n_test
    return Catalog(
        tuple(Photo(f"{n}.jpg", "ab"[n % 2], digest=f"{n:064x}", split=split) for n, split in enumerate(splits))
    )


@dataclass(frozen=True)
class FakeRunner:
    """A `MethodRunner` that trains nothing. Features of several stages have two columns, others one."""

    catalog: Catalog
    world: object
    context: object = field(default_factory=lambda: SimpleNamespace(cache=True))
    note_time: object = lambda _: None
    checkpoints: list = field(default_factory=list)
    backbone: object = field(default_factory=lambda: SimpleNamespace(spec=SimpleNamespace(n_features=1)))

    def pool(self, features):
        return features

    def run(self, settings):
        backbone = "wide" if settings.features == "wide" else "both" if "+" in settings.backbone else "plain"
        table = self.extract(backbone, settings, n_views=settings.n_fixed_views, is_averaged=settings.average_views)
        if settings.features == "auto":
            settings = replace(settings, features="last", head="logistic")
        fitted = SimpleNamespace(choice=SimpleNamespace(table=[SimpleNamespace(accuracy=0.9)]))
        return TrainedMethod(settings=settings, cut="top", backbone=None, table=table, fitted=fitted)

    def run_tuned(self, settings):
        return self._tune(settings, settings.method, choose_hyperparameters(settings.method, settings, 100))

    def run_again(self, settings, hyperparameters, *, is_averaged):
        if not is_averaged:
            settings = replace(settings, average_views=False, n_views=None)
        return self._tune(settings, "again", hyperparameters)

    def _tune(self, settings, name, hyperparameters):
        self.world.pass_time(name)
        self.world.trained.append(settings)
        self.checkpoints.append(name)
        result = SimpleNamespace(best_epoch=self.world.best_epoch, is_stopped=settings.method in self.world.stopped)
        tuned = SimpleNamespace(result=result, hyperparameters=hyperparameters)
        table = self.extract("tuned", settings, n_views=settings.n_averaged, is_averaged=settings.average_views)
        return TrainedMethod(settings=settings, cut="block_12", backbone=None, table=table, fitted=None, tuned=tuned)

    def extract(self, backbone, settings, *, n_views=1, is_averaged=False):
        self.world.pass_time(backbone)
        self.world.extracted.append((backbone, self.catalog))
        splits = {}
        for split in SPLITS:
            photos = self.catalog.select(split)
            views = np.zeros((n_views, len(photos), 1 + (backbone == "wide")), np.float32)
            y = np.array([photo.label == "b" for photo in photos], np.int64)
            splits[split] = SplitFeatures(photos, views[0], y, views)
        n_extracted, self.world.n_new_photos = self.world.n_new_photos, 0
        return FeatureTable(
            catalog=self.catalog, splits=splits, n_averaged=n_views if is_averaged else 1, image_size=96,
            precision="f32", n_extracted=n_extracted, n_cached=0,
        )  # fmt: skip


@dataclass
class World:
    """What `auto` finds when it measures.

    Attributes
    ----------
    error
        Share of the training photos that the plain head predicts wrong in cross-validation.
    wide_errors
        The same for features of several stages, by the number of averaged views. Default: ``error``.
    averaging_error
        How much higher this share is with averaging over four views.
    losses
        Mean log loss on the validation photos, by method.
    averaging_gain
        How much lower the loss is with averaging over views.
    seconds
        Seconds by method or backbone (``plain``, ``wide``, ``both``), estimated and in fact. ``again``: of training
        again.
    failing
        Errors to raise, by the same names.
    stopped
        Methods that the user stops.
    best_epoch
        Best epoch of every training above a cut.
    networks
        Whether another network may be tried beside the first one: None (no), ``missing`` or ``installed``.
    side_by_side
        Share of the training photos that the networks side by side predict wrong in cross-validation, and their mean
        log loss. The best of one network has a loss of 0.5.
    extracted, timed
        Backbone and catalog of each extraction, and methods or backbones whose seconds were estimated.
    n_judged
        Number of photos that cross-validation can judge. Default: all.
    """

    error: float = 0.2
    wide_errors: dict = field(default_factory=dict)
    averaging_error: float = 0.0
    losses: dict = field(default_factory=lambda: {"fixed": 0.5, "hybrid": 0.3, "finetune": 0.1})
    averaging_gain: float = 0.0
    seconds: dict = field(default_factory=dict)
    failing: dict = field(default_factory=dict)
    stopped: frozenset = frozenset()
    best_epoch: int = 3
    n_judged: int | None = None
    similarity: float = 0.2
    has_torch: bool = True
    networks: str | None = None
    side_by_side: tuple = (0.1, 0.4)
    extracted: list = field(default_factory=list)
    timed: list = field(default_factory=list)
    now: float = 0.0
    n_new_photos: int = 7
    trained: list = field(default_factory=list)
    said: list = field(default_factory=list)

    def choose(self, *, budget_s=1000.0, epochs=None, backbone="mobilenet_v2", **n_photos):
        """Return the method that `auto` chooses, and its record."""
        self.runner = FakeRunner(make_catalog(**n_photos), self)
        measurements = Measurements(
            cross_validate=self._cross_validate, validate=self._validate,
            compare_with_imagenet=lambda _: Similarity(self.similarity, 0.1, 100),
            judge_held_out=self._judge_held_out, can_try_side_by_side=lambda *_: self.networks is not None,
            find_runner=self._find_runner,
            estimate_seconds=lambda _, settings, __: self._time(settings),
            estimate_retraining_seconds=lambda *_: self._get_seconds("again"),
            can_tune=lambda: self.has_torch, read_clock=lambda: self.now,
        )  # fmt: skip
        settings = Settings(image_size=96, budget_s=budget_s, epochs=epochs, backbone=backbone)
        return choose_method(self.runner, settings, self.said.append, measurements)

    def pass_time(self, name):
        """Let the time of a step pass, and fail if the step does."""
        if name in self.failing:
            raise self.failing[name]
        self.now += self.seconds.get(name, 0.0)

    def _time(self, settings):
        name = "wide" if settings.features == "wide" else "both" if "+" in settings.backbone else settings.method
        self.timed.append(name)
        return self._get_seconds(name)

    def _get_seconds(self, name):
        return self.seconds.get(name, 0.0)

    def _cross_validate(self, table, _, choice):
        train = table.splits["train"]
        n = self.n_judged or len(train.photos)
        error = self.wide_errors.get(len(train.views), self.error) if train.X.shape[1] == 2 else self.error
        if train.X.shape[1] == 1 and len(train.views) > 1:
            error = self.error + self.averaging_error
        return np.arange(n) >= error * n

    def _find_runner(self, runner, asked, chosen):
        if self.networks == "missing":
            raise MissingExtraError("Cannot load backbone: got no package.", extra="efficientnet")
        return runner

    def _judge_held_out(self, trained):
        n = len(trained.table.splits["train"].photos)
        error, loss = self.side_by_side if "+" in trained.settings.backbone else (self.error, 0.5)
        return ValidationResult(np.arange(n) >= error * n, np.full(n, loss) + np.where(np.arange(n) % 2, 0.1, -0.1))

    def _validate(self, trained):
        n, method = len(trained.table.splits["validation"].photos), trained.settings.method
        loss = self.losses[method] - (self.averaging_gain if trained.table.n_averaged > 1 else 0.0)
        noise = np.where(np.arange(n) % 2, 0.2, -0.2) * (method != "fixed")  # differences have a standard error
        return ValidationResult(np.arange(n) >= 0.1 * n, loss + noise)


@pytest.fixture
def make_world():
    """Make a world; the parameters are the attributes of `World`."""
    return World
