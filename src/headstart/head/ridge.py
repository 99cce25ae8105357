"""Ridge regression of class numbers, in closed form. Its mean with logistic regression has better probabilities.

The mean of the scores of both heads is again one linear head. docs/decisions/0048-more-from-the-frozen-network.md
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.objective import score_rows
from headstart.head.parallel_rows import split_rows, sum_blocks, use_one_blas_thread
from headstart.head.training_rows import PreparedRows

Array = npt.NDArray[Any]
PENALTY = 0.4  # for each standardised feature; from 0.1 to 1 the accuracy hardly changes
# Of the predictions, which are about 0 to 1. With 2 to 8 the mean is as accurate, and with 4 its loss is lowest.
SCALE = 4.0
PART_ROWS = 8192  # whose products are in memory at a time, one matrix for each block of them


def fit_ridge(prepared: PreparedRows, weight: npt.NDArray[np.float64]) -> Array:
    """Fit P heads by ridge regression, each with its own weights of the same rows.

    Parameters
    ----------
    weight
        (N, P), at least 0. A weight of 0 leaves a row out.

    Returns
    -------
    (P, K, D + 1) coefficients for the standardised features, the bias last: one column of scores for each class, or for
    two classes the log odds of the second.

    Examples
    --------
    >>> from headstart.head.training_rows import prepare_rows
    >>> rows = prepare_rows(np.array([[-1.0], [1.0], [3.0]]), np.array([0, 0, 1]), n_classes=2)
    >>> fit_ridge(rows, np.ones((3, 1))).round(1).tolist()
    [[[2.9, -1.3]]]
    """
    return solve_ridge(prepared, sum_products(prepared, weight))


def sum_products(prepared: PreparedRows, weight: npt.NDArray[np.float64]) -> Array:
    """Return (P, D + 1, D + 1 + K): the weighted products of the features with themselves and with the targets.

    The products of rows together are the sum of those of their parts.
    """
    Z, y, n_classes = prepared.Z, prepared.rows.y, prepared.n_classes
    targets = ((2.0 * y - 1)[:, None] if n_classes == 2 else np.eye(n_classes)[y]).astype(Z.dtype)
    found = np.zeros((weight.shape[1], Z.shape[1], Z.shape[1] + targets.shape[1]))
    with use_one_blas_thread():
        for products, one in zip(found, weight.T.astype(Z.dtype), strict=True):
            for part in split_rows(len(Z), PART_ROWS):
                products += sum_blocks(partial(_multiply_block, Z[part], targets[part], one[part]), Z[part])
    return found


def solve_ridge(prepared: PreparedRows, products: Array) -> Array:
    """Return the coefficients of `fit_ridge` for products as `sum_products` returns them."""
    n_columns = prepared.Z.shape[1]
    penalty = np.full(n_columns, PENALTY * prepared.rows.X.shape[1])
    penalty[-1] = 0  # of the bias
    with use_one_blas_thread():
        found = [np.linalg.solve(one[:, :n_columns] + np.diag(penalty), one[:, n_columns:]).T for one in products]
    return (SCALE * np.stack(found)).astype(prepared.Z.dtype)


def _multiply_block(Z: Array, targets: Array, weight: Array, rows: slice) -> Array:
    """Return the weighted products (D + 1, D + 1 + K) of a block's features with themselves and with the targets."""
    product: Array = (Z[rows] * weight[rows, None]).T @ np.concatenate([Z[rows], targets[rows]], axis=1)
    return product


def score_ridge(prepared: PreparedRows, weight: npt.NDArray[np.float64]) -> Array:
    """Return the scores (N, P, K) of all rows by the heads of `fit_ridge`."""
    return score_heads(prepared, fit_ridge(prepared, weight))


def score_heads(prepared: PreparedRows, coefficients: Array) -> Array:
    """Return the scores (N, P, K) of all rows by P heads, (P, K, D + 1)."""
    columns = coefficients.reshape(-1, coefficients.shape[-1])
    return score_rows(prepared.Z, columns).reshape(len(prepared.Z), *coefficients.shape[:2])
