"""The head of the Keras tutorial, on cached features and without Keras: dropout, one dense layer, Adam."""

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
RELEASE_EVERY = 100  # batches: random rows would soon load a whole large array into memory
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class AdamFit:
    """The head after the last epoch, and the training curves."""

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

    Two classes have one logit and binary cross-entropy; more classes have one logit each and softmax.

    Parameters
    ----------
    X_views
        (N, D) features, or (V, N, D) for V views of each photo: epoch e is fitted to view (e - 1) mod V.
    y
        (N,) class numbers, 0 to ``n_classes`` - 1.
    seed
        Seed of the initial weights, the order of the rows and the dropout. The same seed gives the same head.
    dropout
        Share of the features that are set to 0 at random in training; at least 0 and less than 1.
    sample_weight, class_weight
        (N,) and (C,), at least 0. They multiply the loss that is minimised, not the loss in the history.
    validation
        Features (M, D) and class numbers (M,), for the history only.

    Returns
    -------
    AdamFit
        Its Training curve is the running mean over the epoch, with dropout, while the head still changes, as Keras
        reports it. It lags behind the Validation curve, which is measured after the epoch, without dropout.

    Raises
    ------
    FitError
        If the rows, weights or settings cannot be used.

    Notes
    -----
    Source: the TensorFlow tutorial "Transfer learning and fine-tuning"; Kingma and Ba 2015, "Adam". The initial
    weights are uniform (Glorot and Bengio 2010), the bias is 0. 2,000 rows of 1,280 features take 0.03 s an epoch.

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
    if validation is not None:
        validation = check_validation_rows(validation, checked[0].X.shape[1], n_classes)
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
        if validation is not None:
            X_validation, y_validation = validation
            losses, is_right = evaluate_scores(layer.score(X_validation.astype(np.float32, copy=False)), y_validation)
            history.append(Epoch("Validation", epoch, float(is_right.mean()), float(losses.mean())))
    return AdamFit(layer.to_head(), tuple(history))


def _check_settings(n_views: int, epochs: int, learning_rate: float, batch_size: int, dropout: float) -> None:
    """Raise FitError that lists every setting out of range."""
    rules = [
        (n_views >= 1, f"{n_views} views, need at least 1"),
        (epochs >= 1, f"epochs {epochs}, need at least 1"),
        (0 < learning_rate < np.inf, f"learning_rate {learning_rate}, need more than 0"),
        (batch_size >= 1, f"batch_size {batch_size}, need at least 1"),
        (0 <= dropout < 1, f"dropout {dropout}, need 0 or more and less than 1"),
    ]
    problems = [f"got {problem}" for is_valid, problem in rules if not is_valid]
    if problems:
        raise FitError(
            f"Cannot fit a head: {'; '.join(problems)}. The tutorial uses epochs 10, learning_rate 0.0001, "
            "batch_size 32 and dropout 0.2."
        )


def _drop_features(X: Array, dropout: float, random: np.random.Generator) -> Array:
    """Set a random share of the features to 0, and scale up the others so that the mean stays."""
    if dropout == 0:
        return X
    is_kept = random.random(X.shape, dtype=np.float32) >= dropout
    return X * is_kept * np.float32(1 / (1 - dropout))


class _Layer:
    """A dense layer of one logit for two classes, or of C, with the moments of Adam. The last row is the bias."""

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
        """Take one step on a minibatch; return the losses before the step, and which rows were right."""
        scores = self.score(X)
        if scores.shape[1] == 1:
            score_gradient = softmax(np.hstack([np.zeros_like(scores), scores]))[:, 1:] - y[:, None]
        else:
            score_gradient = softmax(scores)
            score_gradient[np.arange(len(y)), y] -= 1
        score_gradient = (score_gradient * (weight[:, None] / len(y))).astype(np.float32)
        self._gradient[:-1], self._gradient[-1] = X.T @ score_gradient, score_gradient.sum(axis=0)
        self._n_steps += 1
        # Keras' order of operations: the bias correction is part of the rate, and epsilon is added after it
        rate = self._learning_rate * np.sqrt(1 - BETA_2**self._n_steps) / (1 - BETA_1**self._n_steps)
        self._mean += (self._gradient - self._mean) * (1 - BETA_1)
        self._square += (self._gradient**2 - self._square) * (1 - BETA_2)
        self._values -= np.float32(rate) * self._mean / (np.sqrt(self._square) + EPSILON)
        return evaluate_scores(scores, y)

    def to_head(self) -> LinearHead:
        """Return the layer with one column a class; of two classes, each gets half of the one logit."""
        values = self._values
        if values.shape[1] == 1:
            values = np.hstack([-values / 2, values / 2])
        return LinearHead(np.ascontiguousarray(values[:-1]), values[-1].copy())
