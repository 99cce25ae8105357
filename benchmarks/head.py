"""The head: cross-validation over all strengths, against one fit of the chosen strength by scikit-learn.

10,000 x 1,280 features, two classes. Headstart chooses the strength by five-fold cross-validation and fits the head;
`sklearn.linear_model.LogisticRegression` fits once, with the chosen strength, on the standardised features. Each has
its own default tolerance.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from harness import Claim, publish, repeat_in_turn
from headstart.head.logistic import fit_logistic
from headstart.head.regularisation import choose_strength
from headstart.head.training_rows import prepare_rows

N_ROWS, N_FEATURES = 10_000, 1280
N_ROUNDS = 5


def make_features(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features as a rectified backbone gives them, 0 to 6 and correlated, and labels that they mostly tell."""
    generator = np.random.default_rng(seed)
    causes = generator.normal(size=(N_ROWS, 60))
    X = causes @ generator.normal(size=(60, N_FEATURES)) / 8 + generator.normal(size=(N_ROWS, N_FEATURES)) / 2
    y = (causes[:, :5].sum(axis=1) + generator.normal(size=N_ROWS) > 0).astype(np.int64)
    return np.clip(X, 0, 6).astype(np.float32), y


def measure_seconds(action: Callable[[], object]) -> float:
    """Return the seconds of one run."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> None:
    """Choose and fit here, fit there, in turn."""
    X, y = make_features()
    chosen = choose_strength(prepare_rows(X, y, n_classes=2), seed=0)

    def fit_ours() -> None:
        prepared = prepare_rows(X, y, n_classes=2)
        fit_logistic(prepared, strength=choose_strength(prepared, seed=0).strength)

    def fit_theirs() -> None:
        LogisticRegression(C=chosen.strength).fit(StandardScaler().fit_transform(X), y)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may stop at its 100 iterations: that is its default, too
        fit_theirs()
        seconds = repeat_in_turn(
            {"ours": lambda: measure_seconds(fit_ours), "theirs": lambda: measure_seconds(fit_theirs)}, N_ROUNDS
        )
    n_fits = 5 * len(chosen.table) + 1
    rows = [
        [f"headstart: {len(chosen.table)} strengths x 5 folds and the head, {n_fits} fits", f"{seconds['ours']:.2f}"],
        [f"scikit-learn: one fit at C = {chosen.strength:g}", f"{seconds['theirs']:.2f}"],
    ]
    claims = [Claim("the whole path / one fit", seconds["ours"] / seconds["theirs"], 3, is_at_least=False)]
    publish(__doc__, ["what", "seconds"], rows, claims)


if __name__ == "__main__":
    main()
