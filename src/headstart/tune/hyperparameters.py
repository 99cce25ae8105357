"""How a network is trained above a cut: the numbers, and where they come from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

# With fewer steps a head has hardly moved: so many are taken even of few photos, unless the user says otherwise.
FEWEST_STEPS = 100


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the layers above a cut and the head are trained.

    Attributes
    ----------
    epochs
        Passes over the training photos.
    learning_rate
        Of the last stage at its peak; AdamW (Loshchilov and Hutter 2019).
    head_rate
        Of the head at its peak.
    stage_decay
        Each stage further down learns at so much of the rate of the one above it (Howard and Ruder 2018).
    warm_up
        The share of all steps in which the rates rise; then they fall by half a cosine (one cycle, Smith 2018).
    weight_decay
        Of kernels and of the head's weights, not of norms and biases.
    label_smoothing
        The share of a label that is given to all classes alike (Szegedy et al. 2016).
    max_norm
        Longer gradients are clipped to this length.
    batch_size
        Photos a step.
    memory
        The judged and kept weights are a running mean over steps, in which the mean so far keeps this share.
    patience
        Epochs without a new best on the validation photos, after which training stops; those in which the rates rise
        do not count.
    n_errors
        The start is kept unless the best epoch betters its validation loss by so many standard errors of the mean
        difference: two, as the best of several is better by chance more often.
    is_norm_trained
        Whether batch norms use and learn the mean and variance of batches, or stay as pretrained.
    is_random
        Whether training begins from random weights and not from pretrained ones.
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

    @property
    def patient_until(self) -> int:
        """The epoch that training does not stop before."""
        return math.ceil(self.warm_up * self.epochs) + self.patience

    def stretch(self, n_train: int) -> Recipe:
        """Return the recipe with more epochs, and as much more patience, where an epoch has few steps.

        Examples
        --------
        >>> recipe = Recipe(epochs=16, learning_rate=1e-4, head_rate=1e-4)
        >>> recipe.stretch(1000).epochs, recipe.stretch(64).epochs, recipe.stretch(64).patience
        (16, 50, 16)
        """
        epochs = max(self.epochs, math.ceil(FEWEST_STEPS / math.ceil(n_train / self.batch_size)))
        return replace(self, epochs=epochs, patience=math.ceil(self.patience * epochs / self.epochs))

    def limit(self, epochs: int, n_train: int) -> Recipe:
        """Return the recipe with so many epochs, and lower rates where those are few steps.

        In few steps at full rates the network below forgets, and there are none left for the head to follow it.

        Examples
        --------
        >>> recipe = Recipe(epochs=16, learning_rate=5e-4, head_rate=1e-4)
        >>> recipe.limit(4, 1000).learning_rate, recipe.limit(4, 96).learning_rate
        (0.0005, 6e-05)
        """
        share = min(1.0, epochs * math.ceil(n_train / self.batch_size) / FEWEST_STEPS)
        share = 1.0 if self.is_random else share
        patience = max(self.patience, math.ceil(self.patience * epochs / self.epochs))
        return replace(
            self, epochs=epochs, patience=patience, learning_rate=share * self.learning_rate,
            head_rate=share * self.head_rate,
        )  # fmt: skip

    def scale_rate(self, step: int, n_steps: int) -> float:
        """Return the share of the peak rates at a step, 0 to ``n_steps`` - 1.

        Examples
        --------
        >>> recipe = Recipe(epochs=1, learning_rate=1e-4, head_rate=1e-4)
        >>> [round(recipe.scale_rate(step, 100), 3) for step in (0, 24, 25, 62, 99)]
        [0.04, 1.0, 1.0, 0.51, 0.0]
        """
        n_rising = max(1, round(self.warm_up * n_steps))
        if step < n_rising:
            return (step + 1) / n_rising
        return 0.5 * (1 + math.cos(math.pi * (step - n_rising) / max(1, n_steps - n_rising)))


# Rates: docs/decisions/0012-training-above-a-cut.md
RECIPES = {
    "hybrid": Recipe(epochs=16, learning_rate=5e-4, head_rate=5e-4),
    "finetune": Recipe(epochs=8, learning_rate=5e-4, head_rate=5e-4),
    "scratch": Recipe(
        epochs=10, learning_rate=2e-3, head_rate=2e-3, stage_decay=1.0, memory=0.9, is_norm_trained=True,
        is_random=True,
    ),
}  # fmt: skip
