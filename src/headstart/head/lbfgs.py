"""L-BFGS for several convex problems over the same rows at once.

Rejected, after measuring on 2,000 and 10,000 rows of 1,280 features: scipy's L-BFGS-B (one problem at a time, two
passes over the rows for every trial of a step, and half a second to import), and preconditioning by an
eigendecomposition of the rows (it halves the iterations, but costs as much as a hundred of them).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.objective import Objective

Array = npt.NDArray[Any]
# On the 10,000 rows of benchmarks/head.py 20 took a sixth fewer iterations than 10, and 30 no fewer; on rows that are
# told apart at once it makes no difference.
N_REMEMBERED = 20
N_REMEMBERED_LARGE = 10
LARGE = 500_000  # numbers in a step: 40 arrays of them are 80 MB in float32
MAX_TRIALS = 30


def dot(a: Array, b: Array) -> Array:
    """Return the inner product of each row, (P,)."""
    product: Array = np.einsum("pj,pj->p", a, b)
    return product


@dataclass
class Memory:
    """Pairs of a step and the change of the gradient along it, the ridge left out.

    Without the ridge the pairs stay true when the strength changes, so the next strength starts with what this one
    learned about the curvature.
    """

    pairs: list[tuple[Array, Array]] = field(default_factory=list)

    def remember(self, step: Array, change: Array) -> None:
        """Keep a pair, and forget the oldest. Both are (P, J)."""
        n_kept = N_REMEMBERED if step.size < LARGE else N_REMEMBERED_LARGE
        self.pairs = [*self.pairs[1 - n_kept :], (step, change)]

    def turn_downhill(
        self, gradient: Array, ridge: Array, precondition: Callable[[Array], Array] | None = None
    ) -> Array:
        """Return the direction to go, (P, J): minus the inverse Hessian, as remembered, times the gradient.

        Nocedal and Wright 2006, "Numerical optimization", algorithm 7.4.

        Parameters
        ----------
        precondition
            Multiplies (P, J) by an inverse Hessian to begin with; default: a multiple of the identity, by the last
            step.
        """
        pairs = [(step, change + ridge * step) for step, change in self.pairs]
        curvatures = [dot(step, change) for step, change in pairs]
        # a problem that has come to rest takes steps of 0, which say nothing
        inverse = [np.divide(1, c, out=np.zeros_like(c), where=c > 0) for c in curvatures]
        direction = -gradient
        amounts = []
        for (step, change), rho in zip(reversed(pairs), reversed(inverse), strict=True):
            amounts.append(rho * dot(step, direction))
            direction -= amounts[-1][:, None] * change
        if precondition is None:
            direction *= self._measure_scale(pairs, curvatures)[:, None]
        else:
            direction = precondition(direction)
            if pairs:  # a curvature that is too small would cost a second trial at every step
                step, change = pairs[-1]
                most = np.divide(
                    curvatures[-1],
                    dot(change, precondition(change)),
                    out=np.ones_like(curvatures[-1]),
                    where=curvatures[-1] > 0,
                )
                direction *= np.minimum(1, most)[:, None]
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


def shorten_step(slope: Array, new_slope: Array, rise: Array, loss: Array) -> Array:
    """Return by what to multiply the sizes of steps, (P,): 1 if they are not too long.

    The objective is convex along a step, so the step is too long if the slope has turned and grown steep, or if it ends
    higher by more than rounding; the secant of the two slopes gives a shorter one.

    Parameters
    ----------
    slope, new_slope
        (P,) along the direction, where the step begins and where it ends.
    rise
        (P,) what the objective gained.
    loss
        (P,) where the step begins.
    """
    is_long = (new_slope > -slope / 2) | (rise > 1e-6 * np.abs(loss) + 1e-12)
    secant = np.divide(slope, slope - new_slope, out=np.full_like(slope, 0.5), where=new_slope > 0)
    return np.where(is_long, np.clip(secant, 0.1, 0.5), 1)


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where the solver came to rest.

    Attributes
    ----------
    coefficients, scores
        (P, K * (D + 1)) and (N, P, K).
    gradient_norm
        (P,), as a multiple of the objective's scale.
    """

    coefficients: Array
    scores: Array
    gradient_norm: Array
    n_iterations: int


def minimise(
    objective: Objective,
    strength: float,
    start: Array,
    memory: Memory,
    *,
    tolerance: float,
    max_iterations: int,
    watch: Callable[[Array, Array], None] | None = None,
) -> Minimum:
    """Minimise all problems of an objective.

    Parameters
    ----------
    start
        (P, K * (D + 1)) coefficients.
    memory
        Of this objective's earlier strengths, or empty. It is added to.
    tolerance
        A problem is solved when the norm of its gradient is at most this multiple of the objective's scale.
    watch
        Called after every iteration with the scores (N, P, K) and the step (P, K * (D + 1)).

    Notes
    -----
    Two passes over the rows an iteration, however many steps are tried: the scores are linear in the step.
    """
    point = _Point(objective, strength, start)
    is_moving = point.gradient_norm > tolerance
    n_iterations = 0
    while is_moving.any() and n_iterations < max_iterations:
        direction = memory.turn_downhill(point.gradient, point.ridge) if memory.pairs else -point.gradient
        direction[~is_moving] = 0
        old_pull_back = point.pull_back
        step, has_moved = point.advance(direction, is_scaled=bool(memory.pairs))
        memory.remember(step, point.pull_back - old_pull_back)
        n_iterations += 1
        if watch is not None:
            watch(point.scores, step)
        is_moving &= has_moved & (point.gradient_norm > tolerance)
    return Minimum(point.coefficients, point.scores, point.gradient_norm, n_iterations)


class _Point:
    """Where the problems stand: coefficients, scores, losses and gradients that belong together."""

    def __init__(self, objective: Objective, strength: float, start: Array) -> None:
        self._objective = objective
        self.ridge = (1 / (strength * objective.total)).astype(start.dtype)[:, None] * objective.is_ridged
        self.coefficients = start
        self.scores = objective.score(start)
        self._loss, self._pull = objective.evaluate(self.scores)
        self._settle()

    def _settle(self) -> None:
        self.pull_back = self._objective.pull_back(self._pull)
        self.gradient = self.pull_back + self.ridge * self.coefficients
        self.gradient_norm = np.sqrt(dot(self.gradient, self.gradient)) / self._objective.scale

    def advance(self, direction: Array, *, is_scaled: bool) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Go along a direction; return the steps (P, K * (D + 1)) and which problems moved (P,).

        A direction that is not scaled yet starts with a step that cannot be too long, from a bound on the curvature.
        """
        drift = self._objective.score(direction)
        slope = dot(self.gradient, direction)
        ridge_slope, bend = dot(self.ridge * self.coefficients, direction), dot(self.ridge * direction, direction)
        size = np.ones_like(slope)
        if not is_scaled:
            bound = self._objective.bound_curvature(drift) + bend
            size = np.divide(-slope, bound, out=size, where=bound > 0)
        for trial in range(MAX_TRIALS):
            scores = self.scores + size[:, None] * drift
            loss, pull = self._objective.evaluate(scores)
            new_slope = np.einsum("npk,npk->p", pull, drift) + ridge_slope + size * bend
            rise = loss - self._loss + size * (ridge_slope + size * bend / 2)
            factor = shorten_step(slope, new_slope, rise, self._loss)
            if (factor == 1).all():
                break
            # at the limit of rounding no step is short enough: the problem stays where it is
            is_last = trial == MAX_TRIALS - 2
            size = np.where(factor == 1, size, 0 if is_last else size * factor)
        step = size[:, None] * direction
        self.coefficients, self.scores, self._loss, self._pull = self.coefficients + step, scores, loss, pull
        self._settle()
        return step, size > 0
