"""The settings of a training."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from headstart.backbone.names import Sizes
from headstart.backbone.pooled_stages import FEATURES
from headstart.backbone.view_averaging import N_VIEWS
from headstart.errors import FitError
from headstart.methods.head_fitting import CLASS_WEIGHTS, HEADS
from headstart.methods.setting_names import name_setting
from headstart.methods.setting_types import find_wrong_types
from headstart.pixels.sample_values import MAX_DEPTH, MIN_DEPTH

METHODS = ("auto", "fixed", "hybrid", "finetune", "scratch")
TUNED = METHODS[2:]  # these train above a cut, with torch
FIRST_BACKBONE, AUTO_BACKBONE = "mobilenet_v2", "auto"  # the default, and the choice by cross-validation
MAX_VIEWS = 1000  # of a photo; more hardly differ from each other
ADAM_EPOCHS = 10
MAX_REPEATS = 1000
HELD_SHARE = 15  # default percent of test and of validation photos, as in `catalog.split`
NEAR_COPIES = ("together", "ignore")
FIT_ON = {"train": ("train",), "train+validation": ("train", "validation"), "all": ("train", "validation", "test")}
# settings that only some methods have, and their defaults
_OF_FIXED: dict[str, Any] = {"features": "auto", "head": "auto", "strength": None, "fit_on": None}
_OF_ALL = {"features": "last", "head": "logistic"}  # values that suit every method
_OF_TUNED: dict[str, Any] = {"learning_rate": None, "train_norms": False}
_OF_AUTO: dict[str, Any] = {"budget_s": 600.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a training.

    Attributes
    ----------
    method
        ``fixed``: the whole backbone is frozen, and a linear head is trained. ``hybrid``: the stages above the cut are
        trained, too. ``finetune``: all stages are trained, from pretrained weights. ``scratch``: all stages are
        trained, from random weights. ``auto``: starts with ``fixed`` and goes on only if a gain is likely within
        ``budget_s``.
    cut
        Last frozen stage of ``hybrid``. None: the backbone's default, ``block_12`` for MobileNetV2.
    backbone
        Name of the pretrained network, or of several side by side, as in ``mobilenet_v2+efficientnet_lite2``. Or
        ``auto``: chosen by cross-validation.
    image_size
        Side of the network's input in pixels, or several, as in ``224+260``: one for each network, or all for the only
        one. None: the default of each network, 224 for MobileNetV2.
    depth
        Bits of the values in PNG and TIFF files with 16 bits a sample that do not name it, 8 to 16. 12: the value 4095
        is white.
    features
        Features of ``fixed``: ``last``, the mean of the last stage; ``all``, the means of several stages; ``wide``,
        these and the means inside blocks; or ``auto``, chosen by cross-validation.
    head
        Head of ``fixed``: ``logistic`` (logistic regression, fitted until it converges), ``logistic+ridge`` (the mean
        of that and of ridge regression), ``adam`` (the recipe of the Keras tutorial), or ``auto``, chosen with the
        features.
    strength
        Inverse regularisation strength C of logistic regression. None: chosen by cross-validation.
    fit_on
        Photos that the head of the file is fitted to, unless it is ``adam``: ``train``, ``train+validation`` or
        ``all``. Unless it is ``train``, the head is fitted twice: the first fit, to the training photos, gives the
        strength, the curves and the validation measures. None: ``train+validation``, or ``train`` if there are too many
        photos to fit twice.
    epochs
        Number of epochs of ``adam`` and above a cut. None: the method's default.
    n_views
        Number of views of each training photo: itself, and random flips and rotations. None: 1, or above a cut 2.
    average_views
        Whether training takes symmetric views instead (2, 4 or 8; default 4; above a cut two of these of each photo),
        and prediction averages over them. Prediction takes as many times longer.
    learning_rate
        Peak learning rate above a cut. None: the method's default.
    train_norms
        Whether batch norms above the cut use the statistics of the batches, for photos unlike those of the
        pretraining. Any gain over the start is then kept. Without it, batch norms stay as pretrained, and a gain must
        exceed noise.
    class_weight
        ``balanced``, ``none``, or ``auto``: weights if the classes are of very unequal size.
    precision
        ``auto`` (bf16 if the processor computes in it), ``f32``, ``bf16``, or for ``fixed`` ``int8``: the network is
        quantised on up to 200 training photos, once in about 2 s. The classifier file then has 2.6 MB.
    near_copies
        ``together``: near copies (the same picture saved again, resized, mirrored, cropped) are found, and stay in one
        split where it is drawn at random. ``ignore``: they are not searched for.
    budget_s
        Seconds that ``auto`` may take.
    cache_limit_gb
        Disk space for activations below a cut.
    seed
        Seed of the split, the folds, the views and the solver's order.
    test_share, validation_share
        Percent of all photos that become test and validation photos. None: 15 each, if the split is drawn at random.
    repeats
        Number of splits that are drawn and trained on. The first is the run; the others only measure how much its
        accuracy depends on the split.
    find, of
        Working point: the share of the photos of the class ``of`` to find, such as 0.98. The answer is then this class
        if its probability is at least a threshold, which is chosen by photos that the head was not fitted to.
    cost
        Costs of mistakes, each as ``TRUE:ANSWER=COST``: ``defective:functional=20`` makes calling a defective photo
        functional 20 times as bad as any other mistake, which costs 1. The answer then has the lowest expected cost.
    """

    method: str = "auto"
    cut: str | None = None
    backbone: str = FIRST_BACKBONE
    image_size: Sizes = None
    depth: int = MAX_DEPTH
    features: str = "auto"
    head: str = "auto"
    strength: float | None = None
    fit_on: str | None = None
    epochs: int | None = None
    n_views: int | None = None
    average_views: bool = False
    learning_rate: float | None = None
    train_norms: bool = False
    class_weight: str = "auto"
    precision: str = "auto"
    near_copies: str = "together"
    budget_s: float = 600.0
    cache_limit_gb: float = 10.0
    seed: int = 0
    test_share: int | None = None
    validation_share: int | None = None
    repeats: int = 1
    find: float | None = None
    of: str | None = None
    cost: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        cost: Any = self.cost
        if isinstance(cost, str | list):
            object.__setattr__(self, "cost", (cost,) if isinstance(cost, str) else tuple(cost))

    @property
    def has_decision(self) -> bool:
        """Whether the answer may be another class than the most probable."""
        return self.find is not None or bool(self.cost)

    @property
    def n_fixed_views(self) -> int:
        """Number of views of each training photo if the whole backbone is frozen."""
        return self.n_views or (4 if self.average_views else 1)

    @property
    def n_averaged(self) -> int:
        """Number of views that prediction averages over."""
        return self.n_fixed_views if self.average_views else 1

    @property
    def shares(self) -> tuple[int, int]:
        """Percent of test and of validation photos, if the split is drawn at random."""
        test, validation = (
            HELD_SHARE if share is None else share for share in (self.test_share, self.validation_share)
        )
        return test, validation

    @property
    def fit_splits(self) -> tuple[str, ...]:
        """Splits that the head of the file is fitted to, unless there are too many photos; see ``fit_on``."""
        is_fitted_again = self.method not in TUNED and self.head != "adam"
        return FIT_ON[self.fit_on or "train+validation"] if is_fitted_again else FIT_ON["train"]

    @property
    def first_backbone(self) -> str:
        """The backbone, or the first of those to choose from."""
        return FIRST_BACKBONE if self.backbone == AUTO_BACKBONE else self.backbone

    @property
    def first_head(self) -> str:
        """The head, or of several to choose among the simplest."""
        return "logistic" if self.head == "auto" else self.head

    def settle(self) -> Settings:
        """Replace ``auto`` by the only method that has the given settings, if there is only one."""
        if self.method != "auto":
            return self
        if self.cut is not None or self.learning_rate is not None or self.train_norms:
            return replace(self, method="hybrid")
        is_fixed = any(getattr(self, name) != plain for name, plain in _OF_FIXED.items())
        if is_fixed or self.precision == "int8" or self.n_views is not None or self.average_views:
            return replace(self, method="fixed")
        return self

    def check(self) -> None:
        """Raise FitError if settings are wrong. The message names all of them."""
        problems = find_wrong_types(self)
        problems = problems or [*self._find_unknown(), *self._find_out_of_range(), *self._find_contradictions()]
        if problems:
            raise FitError(f"Cannot train: got {'; got '.join(problems)}.")

    def _find_unknown(self) -> list[str]:
        choices: dict[str, Collection[str]] = {
            "method": METHODS, "features": ("auto", *FEATURES), "head": ("auto", *HEADS), "class_weight": CLASS_WEIGHTS,
            "near_copies": NEAR_COPIES,
        }  # fmt: skip
        if self.fit_on is not None:
            choices["fit_on"] = FIT_ON
        return [
            f"{name_setting(name)} {getattr(self, name)!r}, need one of {', '.join(allowed)}"
            for name, allowed in choices.items()
            if getattr(self, name) not in allowed
        ]

    def _find_out_of_range(self) -> list[str]:
        problems = [
            f"{name_setting(name)} {value}, need 1 or more"
            for name in ("epochs", "n_views")
            if (value := getattr(self, name)) is not None and value < 1
        ]
        if self.n_views is not None and self.n_views > MAX_VIEWS:
            problems.append(f"{name_setting('n_views')} {self.n_views}, need {MAX_VIEWS} or less")
        if not MIN_DEPTH <= self.depth <= MAX_DEPTH:
            problems.append(f"{name_setting('depth')} {self.depth}, need {MIN_DEPTH} to {MAX_DEPTH} bits")
        if self.seed < 0:
            problems.append(f"seed {self.seed}, need 0 or more")
        if self.find is not None and not 0 < self.find < 1:
            problems.append(f"find {self.find}, need a share above 0% and below 100%, such as 0.98")
        return (
            problems
            + self._find_wrong_splits()
            + [
                f"{name_setting(name)} {value}, need a finite number above 0"
                for name in ("strength", "learning_rate", "budget_s", "cache_limit_gb")
                if (value := getattr(self, name)) is not None and not (value > 0 and math.isfinite(value))
            ]
        )

    def _find_wrong_splits(self) -> list[str]:
        problems = []
        if not 1 <= self.repeats <= MAX_REPEATS:
            problems.append(f"repeats {self.repeats}, need 1 to {MAX_REPEATS}")
        if self.test_share is not None and not 1 <= self.test_share < 100:
            problems.append(f"{name_setting('test_share')} {self.test_share}, need 1 to 99 percent")
        if self.validation_share is not None and not 0 <= self.validation_share < 100:
            problems.append(f"{name_setting('validation_share')} {self.validation_share}, need 0 to 99 percent")
        test, validation = self.shares
        if not problems and test + validation >= 100:
            problems.append(f"{test}% test and {validation}% validation photos, need less than 100% together")
        return problems

    def _find_contradictions(self) -> list[str]:
        """List settings that contradict each other, such as one that the method does not have."""
        problems = []
        if (self.find is None) != (self.of is None):
            given, missing = (
                ("a class (--of)", "share to find (--find)") if self.find is None else
                ("a share to find (--find)", "class (--of)")
            )  # fmt: skip
            problems.append(f"{given} without a {missing}: give both")
        if self.find is not None and self.cost:
            problems.append("a share to find (--find) and costs (--cost), need only one of them")
        if self.average_views and self.n_views is not None and self.n_views not in N_VIEWS[1:]:
            problems.append(
                f"{name_setting('n_views')} {self.n_views} to average, need {', '.join(map(str, N_VIEWS[1:]))}"
            )
        if self.method in TUNED and self.precision == "int8":
            problems.append(f"precision int8 with method {self.method}, which only fixed has")
        if self.method in ("finetune", "scratch") and self.n_views is not None and not self.average_views:
            problems.append(
                f"{name_setting('n_views')} {self.n_views} with method {self.method}, which changes photos in every "
                "epoch: leave it out, or average answers over 2, 4 or 8 (--average-views)"
            )
        for owners, theirs in ((("fixed",), _OF_FIXED), (TUNED, _OF_TUNED), (("auto",), _OF_AUTO)):
            if self.method in owners or (self.method == "auto" and owners != ("auto",)):
                continue
            verb = "have" if len(owners) > 1 else "has"
            problems += [
                f"{name_setting(name)} {getattr(self, name)!r} with method {self.method}, which only {_join(owners)} "
                f"{verb}"
                for name, plain in theirs.items()
                if getattr(self, name) not in (plain, _OF_ALL.get(name, plain))
            ]
        problems += self._find_unfit_for_networks() if self.backbone == AUTO_BACKBONE else []
        if self.head == "adam" and self.fit_on is not None:
            problems.append(f"{name_setting('fit_on')} {self.fit_on!r} with head adam, need another head")
        if self.cut is not None and self.method not in ("auto", "hybrid"):
            problems.append(f"cut {self.cut!r} with method {self.method}, which only hybrid has")
        return problems

    def _find_unfit_for_networks(self) -> list[str]:
        """List settings with which networks cannot be compared by cross-validation."""
        unfit = {
            "method": self.method in TUNED, "head": self.head == "adam", "precision": self.precision == "int8",
            "strength": self.strength is not None, "image_size": isinstance(self.image_size, str),
        }  # fmt: skip
        given = tuple(f"{name_setting(name)} {getattr(self, name)}" for name, is_given in unfit.items() if is_given)
        return [f"backbone auto with {_join(given)}, need a backbone by its name"] if given else []


def _join(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
