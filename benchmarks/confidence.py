"""What the factor of the confidence does to calibration error and log loss.

From each set, 60 times, about 60, 120, 250 and 600 photos are drawn, if as many are left. They are split 70/15/15 and
trained on as `headstart train --method fixed` does. The rest of the photos test the classifier before and after the
factor. Perfect probabilities have a calibration error, too, because photos are few. It is measured with labels that are
drawn from the probabilities. The excess is the error above it. Noise is the standard error of a mean over the draws.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from feature_sets import draw_photos, extract_set, find_sets, map_draws, train_head
from harness import Claim, publish
from headstart.backbone.loading import load_backbone
from headstart.evaluation.calibration import bin_confidence
from headstart.head.linear import softmax
from headstart.head.temperature import compute_log_losses
from headstart.methods.confidence import set_confidence
from headstart.methods.feature_table import FeatureTable

SIZES = (60, 120, 250, 600)
N_DRAWS, N_FLOORS = 60, 20


def main() -> None:
    """Measure each set and size, and assert what the factor gains."""
    rows, settings = [], []
    for source in find_sets():
        table = extract_set(source)
        for n in SIZES:
            if 2 * n > len(table.catalog.photos):
                continue
            draws = np.array(list(map_draws(partial(measure_draw, n), table, range(N_DRAWS))))
            before, after = draws[:, 0].mean(0), draws[:, 1].mean(0)
            change = draws[:, 1, 2] - draws[:, 0, 2]
            noise = change.std(ddof=1) / N_DRAWS**0.5
            settings.append([*before, *after, change.mean(), noise])
            rows.append([source.name, n, *_write(before, after), f"{change.mean():+.4f} (noise {noise:.4f})"])
            print(*rows[-1], sep=" | ", flush=True)
    mean = np.mean(settings, axis=0)
    rows.append(["mean", "", *_write(mean[:3], mean[3:6]), f"{mean[6]:+.4f}"])
    claims = [
        Claim("excess of the calibration error, after / before", mean[4] / mean[1], 0.6, is_at_least=False),
        Claim("change of the log loss, mean", mean[6], 0, is_at_least=False),
        Claim(
            "change of the log loss / noise, worst row",
            max(change / max(noise, 1e-6) for *_, change, noise in settings), 3, is_at_least=False,
        ),
    ]  # fmt: skip
    columns = ["set", "photos", "calibration error", "excess", "log loss", "change"]
    publish(__doc__, columns, rows, claims)


def measure_draw(n: int, table: FeatureTable, seed: int) -> list[list[float]]:
    """Return calibration error, excess and log loss, before and after the factor."""
    drawn, rest = draw_photos(table, n, seed)
    plain = train_head(drawn, load_backbone())
    return [
        measure_scores(trained.choose_head("test").scores(rest.X), rest.y, seed)
        for trained in (plain, set_confidence(plain))
    ]


def measure_scores(scores: np.ndarray, y: np.ndarray, seed: int) -> list[float]:
    """Return calibration error, its excess and the log loss of class scores."""
    probabilities = softmax(scores.astype(np.float64))
    top, is_right, ones = probabilities.max(1), probabilities.argmax(1) == y, np.ones(len(y))
    generator = np.random.default_rng(seed)
    floors = [bin_confidence(top, generator.random(len(y)) < top, ones)[0] for _ in range(N_FLOORS)]
    error = bin_confidence(top, is_right, ones)[0]
    return [error, error - float(np.mean(floors)), float(compute_log_losses(scores, y).mean())]


def _write(before: np.ndarray, after: np.ndarray) -> list[str]:
    return [
        *(f"{100 * before[at]:.2f} -> {100 * after[at]:.2f}" for at in (0, 1)),
        f"{before[2]:.3f} -> {after[2]:.3f}",
    ]


if __name__ == "__main__":
    main()
