"""A novelty test that is fitted at its first use: a search over parameters does not wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from headstart.head.novelty import NoveltyTest, fit_novelty, limit_rows


class LaterNovelty:
    """Keeps the features of up to 20,000 training photos until the test is fitted to them.

    A pickle or a copy has the test, which is small, and not the features.

    Parameters
    ----------
    X, units, seed
        As for `fit_novelty`.

    Examples
    --------
    >>> import numpy as np
    >>> LaterNovelty(np.ones((10, 4), np.float32), None, 0).get() is None
    True
    """

    def __init__(self, X: npt.NDArray[Any], units: Sequence[str] | None, seed: int) -> None:
        X, units = limit_rows(X, units, seed)  # a copy of the rows that the test needs: the others need not stay
        self._data: tuple[npt.NDArray[Any], Sequence[str] | None, int] | None = (X.copy(), units, seed)
        self._test: NoveltyTest | None = None

    def get(self) -> NoveltyTest | None:
        """Return the test, or None if there were too few photos."""
        if self._data is not None:
            X, units, seed = self._data
            self._test, self._data = fit_novelty(X, units, seed=seed), None
        return self._test

    def __getstate__(self) -> dict[str, Any]:
        return {"_test": self.get(), "_data": None}
