"""The hyperparameters of a training above a cut, and the defaults of each method."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

# In fewer steps a head hardly moves. Few photos get more epochs, unless the user sets their number.
FEWEST_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """How the tail (the layers above the cut) and the head are trained.

    Attributes
    ----------
    epochs
        Number of passes over the training photos.
    learning_rate
        Peak learning rate of the last stage, for AdamW (Loshchilov and Hutter 2019).
    head_rate
        Peak learning rate of the head.
    stage_decay
        Learning rate of each stage as a share of that of the stage above it (Howard and Ruder 2018).
    warm_up
        Share of all steps in which the rates rise. After them the rates fall by half a cosine (one cycle, Smith 2018).
    second_decay
        Decay of AdamW's running mean of squared gradients: 0.99 forgets those of the start within a short training.
    weight_decay
        Weight decay of kernels and of the head's weights; norms and biases have none.
    label_smoothing
        Share of a label that is spread over all classes alike (Szegedy et al. 2016).
    max_norm
        Largest norm of the gradient; longer gradients are clipped to it.
    batch_size
        Photos per step.
    memory
        Decay of the running mean of the weights: the share of the old mean that a step keeps. The running mean is what
        is evaluated and returned.
    patience
        Number of epochs without a lower validation loss after which training stops. Epochs of the warm-up do not count.
    n_errors
        Gain that the best epoch needs over the start, in standard errors of the mean difference of validation losses.
        With less gain the start is kept. Two, because the best of several epochs is often better by chance. Below 0,
        the best epoch may be worse by as many: where a gain is expected, a few photos do not always show it.
    is_norm_trained
        Whether batch norms use and learn the mean and variance of batches, or keep the pretrained ones.
    is_random
        Whether training begins from random weights instead of pretrained ones.
    first_side
        Side of the activations in the first steps, as a share of their side. Smaller ones are made of the whole photo,
        and take less time by the square of their side (progressive resizing, Howard 2018). 1: they stay as they are.
    whole_from
        Share of all steps from which activations have their own side. Until then the side grows.
    """

    epochs: int
    learning_rate: float
    head_rate: float
    stage_decay: float = 0.95
    warm_up: float = 0.25
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    max_norm: float = 1.0
    batch_size: int = 32
    memory: float = 0.99
    patience: int = 5
    n_errors: float = 2.0
    is_norm_trained: bool = False
    is_random: bool = False
    first_side: float = 1.0
    whole_from: float = 0.8
    second_decay: float = 0.999

    @property
    def patient_until(self) -> int:
        """Number of epochs before which training does not stop for lack of gain: warm-up, then patience."""
        return math.ceil(self.warm_up * self.epochs) + self.patience

    def stretch(self, n_train: int) -> Hyperparameters:
        """Return a copy with more epochs, and more patience by the same factor, if an epoch has few steps.

        Examples
        --------
        >>> given = Hyperparameters(epochs=16, learning_rate=1e-4, head_rate=1e-4)
        >>> given.stretch(1000).epochs, given.stretch(64).epochs, given.stretch(64).patience
        (16, 50, 16)
        """
        epochs = max(self.epochs, math.ceil(FEWEST_STEPS / math.ceil(n_train / self.batch_size)))
        return replace(self, epochs=epochs, patience=math.ceil(self.patience * epochs / self.epochs))

    def limit(self, epochs: int, n_train: int) -> Hyperparameters:
        """Return a copy with this number of epochs, and with lower rates if they have few steps.

        In a few steps at full rates the tail loses what it learned in pretraining, and the head cannot adapt to it.
        """
        share = 1.0 if self.is_random else min(1.0, epochs * math.ceil(n_train / self.batch_size) / FEWEST_STEPS)
        patience = max(self.patience, math.ceil(self.patience * epochs / self.epochs))
        return replace(
            self, epochs=epochs, patience=patience, learning_rate=share * self.learning_rate,
            head_rate=share * self.head_rate,
        )  # fmt: skip

    def describe(self) -> str:
        """Return all values as text. File names of checkpoints depend on it, so it keeps the class's former name."""
        return repr(self).replace("Hyperparameters(", "Recipe(", 1)

    def scale_rate(self, step: int, n_steps: int) -> float:
        """Return the learning rate at a step, 0 to ``n_steps`` - 1, as a share of its peak."""
        n_rising = max(1, round(self.warm_up * n_steps))
        if step < n_rising:
            return (step + 1) / n_rising
        return 0.5 * (1 + math.cos(math.pi * (step - n_rising) / max(1, n_steps - n_rising)))

    def choose_side(self, side: int, step: int, n_steps: int) -> int:
        """Return the side of activations at a step, 0 to ``n_steps`` - 1, if their own side is ``side``.

        It is as odd or even as their own, so that layers of stride 2 pad them alike.

        Examples
        --------
        >>> small_first = Hyperparameters(epochs=10, learning_rate=1e-4, head_rate=1e-4, first_side=0.715)
        >>> [small_first.choose_side(14, step, 10) for step in range(10)]
        [10, 10, 10, 10, 12, 12, 12, 12, 14, 14]
        """
        progress = min(1.0, step / max(1.0, self.whole_from * n_steps))
        share = self.first_side + (1 - self.first_side) * progress
        n_less = math.ceil(side * (1 - share) / 2 - 1e-9)  # at each edge
        return side - 2 * min(n_less, (side - 1) // 2)

    @property
    def mean_area(self) -> float:
        """Mean area of the activations over all steps, as a share of their own, if these have a side of 14."""
        areas = [(self.choose_side(14, step, 100) / 14) ** 2 for step in range(100)]
        return sum(areas) / len(areas)


# Rates: docs/decisions/0012-training-above-a-cut.md and 0047-hybrid-in-fewer-steps.md
HYPERPARAMETERS = {
    "hybrid": Hyperparameters(epochs=8, learning_rate=5e-4, head_rate=5e-4, patience=3),
    "finetune": Hyperparameters(epochs=8, learning_rate=5e-4, head_rate=5e-4),
    "scratch": Hyperparameters(
        epochs=10, learning_rate=2e-3, head_rate=2e-3, stage_decay=1.0, memory=0.9, is_norm_trained=True,
        is_random=True,
    ),
}  # fmt: skip
# Trained norms tolerate larger steps, and adapt to smaller activations. They are for photos unlike those of the
# pretraining: training is likely to gain, so that it is kept unless it is worse by more than noise.
HYBRID_WITH_NORMS = Hyperparameters(
    epochs=8, learning_rate=3e-3, head_rate=3e-3, second_decay=0.99, memory=0.98, n_errors=-1.0, is_norm_trained=True,
    first_side=0.715, whole_from=0.6,
)  # fmt: skip


def find_hyperparameters(method: str, *, is_norm_trained: bool = False) -> Hyperparameters:
    """Return the defaults of a method, with batch norms as pretrained or trained."""
    if not is_norm_trained:
        return HYPERPARAMETERS[method]
    if method == "hybrid":
        return HYBRID_WITH_NORMS
    return replace(HYPERPARAMETERS[method], is_norm_trained=True, n_errors=0.0)
