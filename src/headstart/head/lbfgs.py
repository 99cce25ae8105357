"""L-BFGS for P convex problems at once; each problem has J coefficients.

Rejected, after measuring on 2,000 and 10,000 rows of 1,280 features:

- scipy's L-BFGS-B: one problem at a time, two passes over the rows for each trial of a step, half a second to import.
- Preconditioning by an eigendecomposition of the rows: half the iterations, but it costs as much as a hundred of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Precondition = Callable[[Array], Array]
# On the 10,000 rows of benchmarks/head.py, 20 pairs needed a sixth fewer iterations than 10, and 30 saved no more. On
# separable rows the number makes no difference.
N_REMEMBERED = 20
N_REMEMBERED_LARGE = 10
LARGE = 500_000  # numbers in a step: 40 arrays of them are 80 MB in float32


def dot(a: Array, b: Array) -> Array:
    """Return the inner product of each row, (P,)."""
    product: Array = np.einsum("pj,pj->p", a, b)
    return product


@dataclass
class Memory:
    """The latest steps and the change of the gradient along each of them, without the ridge.

    Without the ridge the pairs stay true when the regularisation strength changes. So the next strength starts with the
    curvature that this one has measured.
    """

    pairs: list[tuple[Array, Array]] = field(default_factory=list)

    def remember(self, step: Array, change: Array) -> None:
        """Add a step and a change of the gradient, both (P, J), and drop the oldest pair if there are too many."""
        n_kept = N_REMEMBERED if step.size < LARGE else N_REMEMBERED_LARGE
        self.pairs = [*self.pairs[1 - n_kept :], (step, change)]

    def find_direction(self, gradient: Array, ridge: Array, precondition: Precondition | None = None) -> Array:
        """Return the direction of the next step, (P, J): minus the approximate inverse Hessian times the gradient.

        Nocedal and Wright 2006, "Numerical optimization", algorithm 7.4. ``precondition`` multiplies (P, J) by an
        initial inverse Hessian. Default: a multiple of the identity, measured along the last step.
        """
        pairs = [(step, change + ridge * step) for step, change in self.pairs]
        curvatures = [dot(step, change) for step, change in pairs]
        # a solved problem takes steps of 0, which carry no curvature
        inverse = [np.divide(1, c, out=np.zeros_like(c), where=c > 0) for c in curvatures]
        direction = -gradient
        amounts = []
        for (step, change), rho in zip(reversed(pairs), reversed(inverse), strict=True):
            amounts.append(rho * dot(step, direction))
            direction -= amounts[-1][:, None] * change
        if precondition is not None:
            direction = precondition(direction)
            if pairs:  # an initial Hessian that is too small would cost a second trial at every step
                _, change = pairs[-1]
                curvature, one = curvatures[-1], np.ones_like(curvatures[-1])
                most = np.divide(curvature, dot(change, precondition(change)), out=one, where=curvature > 0)
                direction *= np.minimum(1, most)[:, None]
        elif pairs:
            direction *= self._measure_scale(pairs, curvatures)[:, None]
        for (step, change), rho, amount in zip(pairs, inverse, reversed(amounts), strict=True):
            direction += (amount - rho * dot(change, direction))[:, None] * step
        return direction

    @staticmethod
    def _measure_scale(pairs: list[tuple[Array, Array]], curvatures: list[Array]) -> Array:
        """Return the size of the inverse Hessian along each problem's last step that was not 0."""
        scale = np.ones_like(curvatures[0])
        for (_, change), curvature in zip(pairs, curvatures, strict=True):
            scale = np.divide(curvature, dot(change, change), out=scale, where=curvature > 0)
        return scale


def shorten_step(slope: Array, new_slope: Array, increase: Array, loss: Array) -> Array:
    """Return the factors (P,) that shorten steps which are too long; the factor is 1 for the others.

    The objective is convex along a step. A step is too long if the slope at its end is positive and steep, or if the
    objective is higher there by more than rounding. The secant of the two slopes gives the shorter step. ``slope`` and
    ``loss``, the objective, are those where the step begins; ``increase`` is the change of the objective.
    """
    is_long = (new_slope > -slope / 2) | (increase > 1e-6 * np.abs(loss) + 1e-12)
    secant = np.divide(slope, slope - new_slope, out=np.full_like(slope, 0.5), where=new_slope > 0)
    return np.where(is_long, np.clip(secant, 0.1, 0.5), 1)


class Point(Protocol):
    """Coefficients of P problems, and their objectives there. The rows are behind it: in memory, or read in blocks."""

    ridge: Array  # (P, J) second derivative of the ridge penalty
    loss_gradient: Array  # (P, J) gradient of the objective without the ridge
    gradient: Array  # (P, J), with the ridge
    gradient_norm: Array  # (P,), as a multiple of the objective's scale

    def advance(self, direction: Array, *, is_scaled: bool) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Move along a direction; return the steps (P, J), and which problems moved, (P,).

        If its length fits the curvature (``is_scaled``), the whole of it is tried first.
        """
        ...


def minimise(
    point: Point,
    memory: Memory,
    *,
    tolerance: float,
    max_iterations: int,
    precondition: Precondition | None = None,
    watch: Callable[[Array], None] | None = None,
) -> int:
    """Move a point to the minimum of all its problems; return the number of iterations.

    Parameters
    ----------
    memory
        Memory of earlier strengths of the same objective, or an empty one. New steps are added to it.
    tolerance
        A problem is solved when its ``gradient_norm`` is at most this.
    watch
        Function that is called after every iteration with the step (P, J).
    """
    is_moving = point.gradient_norm > tolerance
    n_iterations = 0
    while is_moving.any() and n_iterations < max_iterations:
        direction = memory.find_direction(point.gradient, point.ridge, precondition)
        direction[~is_moving] = 0
        old_gradient = point.loss_gradient
        step, has_moved = point.advance(direction, is_scaled=bool(memory.pairs) or precondition is not None)
        memory.remember(step, point.loss_gradient - old_gradient)
        n_iterations += 1
        if watch is not None:
            watch(step)
        is_moving &= has_moved & (point.gradient_norm > tolerance)
    return n_iterations
