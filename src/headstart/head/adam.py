"""The head of the Keras tutorial: dropout, one dense layer, Adam. Here on cached features, without Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError
from headstart.head.history import Epoch
from headstart.head.linear import LinearHead, softmax
from headstart.head.objective import evaluate_scores
from headstart.head.training_rows import check_rows, check_validation_rows
from headstart.storage.large_arrays import release_rows

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Keras' defaults
RELEASE_EVERY = 100  # batches: drawn at random, they would soon hold all of a large array in memory
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class AdamFit:
    """A head after the last epoch, and the curves of training."""

    head: LinearHead
    history: tuple[Epoch, ...]


def fit_adam(
    X_views: Array,
    y: Array,
    *,
    n_classes: int,
    seed: int,
    epochs: int = 10,
    learning_rate: float = 1e-4,
    batch_size: int = 32,
    dropout: float = 0.2,
    sample_weight: Array | None = None,
    class_weight: Array | None = None,
    validation: tuple[Array, Array] | None = None,
) -> AdamFit:
    """Fit a linear head as the tutorial does: minibatches, a fixed number of epochs, no standardisation.

    Two classes have one logit and binary cross-entropy, more have a logit each and softmax.

    Parameters
    ----------
    X_views
        (N, D) features, or (V, N, D) for V views of each photo: epoch e sees view (e - 1) mod V.
    y
        (N,) class numbers, 0 to ``n_classes`` - 1.
    seed
        Of the initial weights, the order of the rows and the dropout. The same seed gives the same head.
    dropout
        The share of features that is set to 0 at random in training, 0 up to but not including 1.
    sample_weight, class_weight
        (N,) and (C,), at least 0: they multiply the loss that is minimised, not the one in the history.
    validation
        Features (M, D) and class numbers (M,) that are only watched.

    Returns
    -------
    AdamFit
        In its history Training is the running mean over the epoch, dropout on, of a head that is still learning, as
        Keras reports it, so it lags behind Validation, which is measured after the epoch without dropout.

    Raises
    ------
    FitError
        If the rows, weights or settings cannot be used.

    Notes
    -----
    Source: the TensorFlow tutorial "Transfer learning and fine-tuning"; Kingma and Ba 2015, "Adam". Weights start as
    Glorot and Bengio 2010, uniform; the bias at 0. 2,000 rows of 1,280 features take 0.03 s an epoch.

    Examples
    --------
    >>> X = np.eye(2, dtype=np.float32)
    >>> fit = fit_adam(X, np.array([0, 1]), n_classes=2, seed=0, epochs=3, learning_rate=1.0, dropout=0.0)
    >>> fit.head.probabilities(X).argmax(axis=1).tolist(), len(fit.history)
    ([0, 1], 3)
    """
    views = [X_views] if np.ndim(X_views) == 2 else list(X_views)
    _check_settings(len(views), epochs, learning_rate, batch_size, dropout)
    checked = [check_rows(view, y, n_classes, sample_weight=sample_weight, class_weight=class_weight) for view in views]
    watched = None if validation is None else check_validation_rows(validation, checked[0].X.shape[1], n_classes)
    random = np.random.default_rng(seed)
    layer = _Layer(checked[0].X.shape[1], n_classes, learning_rate, random)
    history: list[Epoch] = []
    for epoch in range(1, epochs + 1):
        rows = checked[(epoch - 1) % len(checked)]
        X = rows.X.astype(np.float32, copy=False)
        loss, accuracy = 0.0, 0.0
        order = random.permutation(len(X))
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            if start % (RELEASE_EVERY * batch_size) == 0:
                release_rows(X)
            losses, is_right = layer.learn(_drop_features(X[batch], dropout, random), rows.y[batch], rows.weight[batch])
            loss += float(losses.sum())
            accuracy += float(is_right.sum())
        history.append(Epoch("Training", epoch, accuracy / len(X), loss / len(X)))
        if watched is not None:
            losses, is_right = evaluate_scores(layer.score(watched[0].astype(np.float32, copy=False)), watched[1])
            history.append(Epoch("Validation", epoch, float(is_right.mean()), float(losses.mean())))
    return AdamFit(layer.to_head(), tuple(history))


def _check_settings(n_views: int, epochs: int, learning_rate: float, batch_size: int, dropout: float) -> None:
    """Raise FitError that names every setting out of range."""
    rules = [
        (n_views >= 1, f"{n_views} views, need at least 1"),
        (epochs >= 1, f"epochs {epochs}, need at least 1"),
        (0 < learning_rate < np.inf, f"learning_rate {learning_rate}, need more than 0"),
        (batch_size >= 1, f"batch_size {batch_size}, need at least 1"),
        (0 <= dropout < 1, f"dropout {dropout}, need 0 or more and less than 1"),
    ]
    problems = [f"got {problem}" for is_kept, problem in rules if not is_kept]
    if problems:
        raise FitError(f"Cannot fit a head: {'; '.join(problems)}. The tutorial has 10, 0.0001, 32 and 0.2.")


def _drop_features(X: Array, dropout: float, random: np.random.Generator) -> Array:
    """Set a random share of features to 0 and scale up the rest, so that their mean stays."""
    if dropout == 0:
        return X
    is_kept = random.random(X.shape, dtype=np.float32) >= dropout
    return X * is_kept * np.float32(1 / (1 - dropout))


class _Layer:
    """A dense layer of one logit (two classes) or C, and what Adam remembers of it. The last row is the bias."""

    def __init__(self, n_features: int, n_classes: int, learning_rate: float, random: np.random.Generator) -> None:
        n_logits = 1 if n_classes == 2 else n_classes
        limit = np.sqrt(6 / (n_features + n_logits))
        self._values = np.zeros((n_features + 1, n_logits), np.float32)
        self._values[:-1] = random.uniform(-limit, limit, (n_features, n_logits))
        self._gradient = np.zeros_like(self._values)
        self._mean, self._square = np.zeros_like(self._values), np.zeros_like(self._values)
        self._learning_rate = learning_rate
        self._n_steps = 0

    def score(self, X: Array) -> Array:
        scores: Array = X @ self._values[:-1] + self._values[-1]
        return scores

    def learn(self, X: Array, y: npt.NDArray[np.int64], weight: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Take one step on a minibatch; return the losses before it and which rows were right."""
        scores = self.score(X)
        if scores.shape[1] == 1:
            pull = softmax(np.hstack([np.zeros_like(scores), scores]))[:, 1:] - y[:, None]
        else:
            pull = softmax(scores)
            pull[np.arange(len(y)), y] -= 1
        pull = (pull * (weight[:, None] / len(y))).astype(np.float32)
        self._gradient[:-1], self._gradient[-1] = X.T @ pull, pull.sum(axis=0)
        self._n_steps += 1
        # Keras' order of operations: the bias correction is in the rate, and epsilon outside of it
        rate = self._learning_rate * np.sqrt(1 - BETA_2**self._n_steps) / (1 - BETA_1**self._n_steps)
        self._mean += (self._gradient - self._mean) * (1 - BETA_1)
        self._square += (self._gradient**2 - self._square) * (1 - BETA_2)
        self._values -= np.float32(rate) * self._mean / (np.sqrt(self._square) + EPSILON)
        return evaluate_scores(scores, y)

    def to_head(self) -> LinearHead:
        """Return the layer as one column a class; the one logit of two classes is shared out between them."""
        values = self._values
        if values.shape[1] == 1:
            values = np.hstack([-values / 2, values / 2])
        return LinearHead(np.ascontiguousarray(values[:-1]), values[-1].copy())
