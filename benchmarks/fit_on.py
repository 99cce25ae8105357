"""What a second fit to the training and validation photos gains in test accuracy.

Each head is fitted to the training photos (`--fit-on train`), and again to the training and validation photos (the
default). Both answer the same photos. "all": the program's own splits with the seeds 0 to 4. If the folders name test
photos, the seeds draw the validation photos alone. 60, 120 and 250: about as many photos are drawn, 20 times, and split
70/15/15; the rest of the set tests both heads. Noise is the standard error of the mean gain: over the draws; for "all",
where the seeds share most photos, that of one seed, from the answers that differ.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from feature_sets import SETTINGS, draw_photos, extract_set, find_sets, map_draws, redraw_table, train_head
from harness import Claim, publish
from headstart.backbone.loading import load_backbone
from headstart.methods.feature_table import FeatureTable, SplitFeatures

SIZES = (60, 120, 250)
N_DRAWS, N_SEEDS = 20, 5


def main() -> None:
    """Measure each set and size, and assert that the second fit gains, or costs no more than chance."""
    rows, claims, few = [], [], []
    for source in find_sets():
        table = extract_set(source)
        for n in SIZES:
            if 1.5 * n > len(table.catalog.photos):
                continue
            draws = np.array(list(map_draws(partial(measure_draw, n), table, range(N_DRAWS))))
            gain = draws[:, 1] - draws[:, 0]
            few.append([gain.mean(), gain.std(ddof=1) / N_DRAWS**0.5])
            rows.append([source.name, n, *_write(draws, *few[-1])])
        draws = np.array(list(map_draws(measure_seed, table, range(N_SEEDS))))
        gain, noise = float((draws[:, 1] - draws[:, 0]).mean()), float(draws[:, 2].mean())
        rows.append([source.name, "all", *_write(draws, gain, noise)])
        claims.append(Claim(f"{source.name}, all photos: gain / noise", gain / max(noise, 1e-6), -2))
    gains, noises = np.array(few).T
    mean, noise = gains.mean(), float((noises**2).sum() ** 0.5 / len(noises))
    rows.append(["mean of 60 to 250", "", "", "", f"{100 * mean:+.2f} (noise {100 * noise:.2f})"])
    claims.append(Claim("60 to 250 photos, mean of all rows: gain / noise", mean / noise, 2))
    claims.append(Claim("60 to 250 photos, worst row: gain / noise", min(gains / np.maximum(noises, 1e-6)), -2))
    columns = ["set", "photos", "fitted to train", "to train and validation", "gain in points"]
    publish(__doc__, columns, rows, claims)


def measure_draw(n: int, table: FeatureTable, seed: int) -> list[float]:
    """Return the accuracy of both heads on the photos that were not drawn, and the standard error of the gain."""
    return _compare(*draw_photos(table, n, seed))


def measure_seed(table: FeatureTable, seed: int) -> list[float]:
    """Return the accuracy of both heads on the test photos of a seed, and the standard error of the gain."""
    drawn = redraw_table(table, seed)
    return _compare(drawn, drawn.splits["test"])


def _compare(table: FeatureTable, test: SplitFeatures) -> list[float]:
    trained = train_head(table, load_backbone(), replace(SETTINGS, fit_on="train+validation"))
    heads = trained.fitted.head, trained.choose_head("test")
    once, again = (head.scores(test.X).argmax(1) == test.y for head in heads)
    noise = (once != again).sum() ** 0.5 / len(test.y)
    return [float(once.mean()), float(again.mean()), max(float(noise), 1 / len(test.y))]


def _write(draws: np.ndarray, gain: float, noise: float) -> list[str]:
    return [f"{draws[:, 0].mean():.1%}", f"{draws[:, 1].mean():.1%}", f"{100 * gain:+.2f} (noise {100 * noise:.2f})"]


if __name__ == "__main__":
    main()
