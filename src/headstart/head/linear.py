"""The linear head: features to class scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError
from headstart.head.parallel_rows import map_blocks


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A linear head for D features and C classes.

    Attributes
    ----------
    weights
        (D, C) float32, for features as the backbone gives them: the weights include any standardisation.
    bias
        (C,) float32.

    Raises
    ------
    FitError
        If the shapes of weights and bias do not match.

    Examples
    --------
    >>> head = LinearHead(np.array([[-1.0, 1.0]], np.float32), np.zeros(2, np.float32))
    >>> head.probabilities(np.array([[0.0], [2.0]])).round(2)
    array([[0.5 , 0.5 ], [0.02, 0.98]], dtype=float32)
    """

    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.weights.ndim != 2 or self.bias.shape != self.weights.shape[1:]:
            raise FitError(
                f"Cannot make a head: got weights {self.weights.shape} and bias {self.bias.shape}, "
                "need (D, C) and (C,). Pass one column of weights and one bias for each class."
            )

    def scores(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the class scores (logits) of N photos.

        Parameters
        ----------
        X
            (N, D) features.

        Returns
        -------
        (N, C) float32, any real number. The scores of a row depend on that row alone, to the last bit.

        Raises
        ------
        FitError
            If the features are not (N, D).
        """
        if X.ndim != 2 or X.shape[1] != len(self.weights):
            raise FitError(
                f"Cannot score features: got shape {X.shape}, need (N, {len(self.weights)}). "
                "Use features of the backbone and the cut that the head was fitted to."
            )
        scores = np.empty((len(X), len(self.bias)), np.float32)

        def score(rows: slice) -> None:
            # one product for each row: in a larger product, the last digits of a row depend on its neighbours
            np.matmul(X[rows, None].astype(np.float32, copy=False), self.weights, out=scores[rows, None])

        map_blocks(score, X)
        return scores + self.bias

    def scale(self, factor: float) -> LinearHead:
        """Return a head whose scores are multiplied by a factor above 0: the same top classes, other probabilities."""
        return LinearHead(self.weights * np.float32(factor), self.bias * np.float32(factor))

    def probabilities(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the class probabilities (N, C) float32 of N photos; each row sums to 1. Otherwise as `scores`."""
        return softmax(self.scores(X)).astype(np.float32, copy=False)


def softmax(scores: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Convert scores to probabilities along the last axis.

    Parameters
    ----------
    scores
        (..., C) floating point, any finite numbers: the largest of a row is subtracted first, so nothing overflows.

    Returns
    -------
    (..., C) of the same dtype, 0 to 1, each row summing to 1.

    Examples
    --------
    >>> softmax(np.array([[1000.0, 1000.0], [0.0, -1000.0]]))
    array([[0.5, 0.5], [1. , 0. ]])
    """
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    probabilities: npt.NDArray[Any] = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities
