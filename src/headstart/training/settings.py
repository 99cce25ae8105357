"""What a user may choose about a training."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.errors import FitError
from headstart.training.fitting import CLASS_WEIGHTS, HEADS

METHODS = ("fixed",)
MAX_VIEWS = 1000  # of a photo: with more the hours go into views that hardly differ


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may choose about a training.

    Attributes
    ----------
    method
        ``fixed``: the whole backbone is frozen, a linear head is trained.
    backbone
        The name of the pretrained network.
    image_size
        Side of the network's input in pixels; None for the backbone's own, 224 for MobileNetV2.
    head
        ``logistic`` (converged, regularised as cross-validation says) or ``adam`` (the tutorial's recipe).
    strength
        Inverse regularisation strength C of ``logistic``; None chooses it by cross-validation.
    epochs
        Of ``adam``.
    n_views
        Versions of each training photo: the photo itself and random flips and rotations of it.
    class_weight
        ``balanced``, ``none``, or ``auto``: balanced where classes are skewed.
    precision
        ``auto`` (bf16 where the processor computes in it), ``f32``, ``bf16``, or ``int8``: quantised on up to 200 of
        the training photos, which takes about 2 s once and makes a classifier file of 2.6 MB.
    seed
        Of the split, the folds, the views and the solver's order.
    """

    method: str = "fixed"
    backbone: str = "mobilenet_v2"
    image_size: int | None = None
    head: str = "logistic"
    strength: float | None = None
    epochs: int = 10
    n_views: int = 1
    class_weight: str = "auto"
    precision: str = "auto"
    seed: int = 0

    def check(self) -> None:
        """Raise FitError that names everything wrong with the settings at once."""
        kinds: dict[str, type | tuple[type, ...]] = {
            "image_size": int,
            "epochs": int,
            "n_views": int,
            "seed": int,
            "strength": (int, float),
        }
        problems = [
            f"{name} {value!r}, need a {'whole ' if kind is int else ''}number"
            for name, kind in kinds.items()
            if (value := getattr(self, name)) is not None and (isinstance(value, bool) or not isinstance(value, kind))
        ]
        if problems:
            raise FitError(f"Cannot train: got {'; got '.join(problems)}.")
        choices = {"method": METHODS, "head": HEADS, "class_weight": CLASS_WEIGHTS}
        problems = [
            f"{name} {getattr(self, name)!r}, need one of {', '.join(allowed)}"
            for name, allowed in choices.items()
            if getattr(self, name) not in allowed
        ]
        numbers = ("epochs", "n_views")
        problems += [f"{name} {getattr(self, name)}, need 1 or more" for name in numbers if getattr(self, name) < 1]
        if self.n_views > MAX_VIEWS:
            problems.append(f"n_views {self.n_views}, need {MAX_VIEWS} or less")
        if self.seed < 0:
            problems.append(f"seed {self.seed}, need 0 or more")
        if self.strength is not None and not self.strength > 0:
            problems.append(f"strength {self.strength}, need more than 0")
        if problems:
            raise FitError(f"Cannot train: got {'; got '.join(problems)}.")
