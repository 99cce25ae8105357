"""Whether the 95% intervals that the report prints contain the accuracy on many other photos.

For each set, 1,000 times: a third of its photos, 120 to 300, are a user's photos; the others are the rest. The user's
photos are split 70/15/15 and trained on as `headstart train --method fixed` does, on every fourth of the cached
features, so that a fit takes a third of the time. The test interval and those of the classes are compared with the
accuracy of the same classifier on the rest. The intervals of cross-validation and of five repeats are compared with the
mean accuracy of the five classifiers on the rest; the last four take the regularisation strength of the first. The set
"groups" is painted, without pictures: the user has forty groups of ten photos on average, drawn at random, each group
with its own offset in every feature; the rest are other groups.

The rest is a sample, too. An interval counts as right if the two accuracies do not differ significantly by the
square-and-add rule of Newcombe 1998 (Statist. Med. 17, 873-890, method 10), from the printed interval and that of the
rest. If the printed interval is right in 95% of the cases, so is this rule. If the rest is small, the rule hides a part
of what an interval lacks. With 1.3 times the user's photos (rice-leaf), a cross-validation interval that is 20% too
narrow is right in 92% of the cases instead of 88%. Coverage over 1,000 draws has a standard deviation of 0.7 points,
over 200 draws of 1.5.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from feature_sets import draw_photos, extract_set, find_sets, map_draws, redraw_table, train_head
from harness import Claim, publish
from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.evaluation.intervals import bound_share
from headstart.head.linear import LinearHead
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.final_head import fit_final_head
from headstart.methods.nested_cross_validation import cross_validate_nested
from headstart.methods.split_metrics import SplitPredictions, measure_split
from headstart.methods.trained_method import TrainedMethod
from headstart.training.repeats import RepeatResults

N_DRAWS, N_REPEATS = 1000, 5
FEWEST, MOST = 120, 300  # photos of the user: a third of the set within these limits
THINNING = 4  # every fourth feature is used: a fit takes a third of the time
KINDS = ("test", "class", "cross-validation", "repeats")
COLUMNS = ["set", "user's photos", *(f"{kind}: covered (width in points)" for kind in KINDS)]
N_GROUPS, GROUPS_OF_USER = 400, 40

Result = tuple[str, bool, float, int, int]  # kind of interval, is it right, its width, photos of the user, of the rest


def main() -> None:
    """Measure each set, and assert the coverage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="*", help="sets of photos [all of $HEADSTART_TEST_DATA, and the demo]")
    parser.add_argument("--n", type=int, default=N_DRAWS, help="draws from each set; only the default is published")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes [one for each core]")
    options = parser.parse_args()
    started = time.perf_counter()
    rows, claims = [], []
    for name, table in _make_tables(options.data):
        measured = [
            result for some in map_draws(measure_draw, table, range(options.n), options.workers) for result in some
        ]
        row, some = summarise(name, measured)
        print(*row, f"{time.perf_counter() - started:.0f} s", sep=" | ", file=sys.stderr, flush=True)
        rows.append(row)
        claims += some
    publish(__doc__, COLUMNS, rows, claims, is_written=options.n == N_DRAWS)


def summarise(name: str, measured: Sequence[Result]) -> tuple[list[str], list[Claim]]:
    """Return the row of a set, and its claims."""
    covered = {kind: _average([r[1] for r in measured if r[0] == kind]) for kind in KINDS}
    width = {kind: _average([r[2] for r in measured if r[0] == kind]) for kind in KINDS}
    n_user, n_rest = (int(_average([r[at] for r in measured])) for at in (3, 4))
    cells = [f"{covered[kind]:.1%} ({100 * width[kind]:.1f})" for kind in KINDS]
    claims = [Claim(f"{name}: {kind}, share of intervals", covered[kind], 0.93) for kind in KINDS]
    ratio = width["cross-validation"] / width["test"]
    claims.append(Claim(f"{name}: width, cross-validation / test", ratio, 1, is_at_least=False))
    return [name, f"{n_user} of {n_user + n_rest}", *cells], claims


def _average(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _make_tables(folders: Sequence[Path]) -> Iterator[tuple[str, FeatureTable]]:
    """Yield the name of each set and its features."""
    sources = list(folders) or find_sets()
    with tempfile.TemporaryDirectory() as folder:
        if not folders:
            from headstart.training.demo import write_demo_catalog

            sources.append(Path(folder, "solar cells.csv"))
            try:
                write_demo_catalog(sources[-1])
            except ImportError as error:
                print(error, file=sys.stderr)
                sources.pop()
        for source in sources:
            yield source.stem, _thin(extract_set(source))
    yield "groups (painted)", paint_groups()


def _thin(table: FeatureTable) -> FeatureTable:
    splits = {name: replace(part, X=part.X[:, ::THINNING].copy()) for name, part in table.splits.items()}
    return replace(table, splits={name: replace(part, views=part.X[None]) for name, part in splits.items()})


def paint_groups() -> FeatureTable:
    """Return a table of 32 features, which differ by class, group and photo; groups have photos of both classes."""
    random = np.random.default_rng(0)
    sizes = random.integers(1, 20, N_GROUPS)
    group = np.repeat(np.arange(N_GROUPS), sizes)
    y = random.integers(0, 2, len(group))
    effect = random.normal(0, 1.5, (N_GROUPS, 32))[group] + random.normal(0, 1, (len(group), 32))
    X = (effect + 1.2 * y[:, None] * (np.arange(32) < 6)).astype(np.float32)
    photos = tuple(
        Photo(f"{n}.jpg", "ab"[y[n]], digest=f"{n:064x}", split="train", group=f"{group[n]}") for n in range(len(y))
    )
    nothing = SplitFeatures((), X[:0], y[:0], X[None, :0])
    splits = {"train": SplitFeatures(photos, X, y, X[None]), "validation": nothing, "test": nothing}
    return FeatureTable(
        catalog=Catalog(photos), splits=splits, n_averaged=1, image_size=224, precision="f32", n_extracted=len(y),
        n_cached=0,
    )  # fmt: skip


def measure_draw(table: FeatureTable, seed: int) -> list[Result]:
    """Train on some photos, and compare each interval with the rest."""
    return list(_compare_all(table, seed))


def _compare_all(table: FeatureTable, seed: int) -> Iterator[Result]:
    n_all = len(table.catalog.photos)
    is_grouped = table.catalog.photos[0].group is not None
    n = n_all * GROUPS_OF_USER / N_GROUPS if is_grouped else min(max(FEWEST, n_all / 3), MOST)
    drawn, rest = draw_photos(table, n, seed)
    tables = [redraw_table(drawn, N_REPEATS * seed + number) for number in range(N_REPEATS)]
    first = train_head(tables[0], load_backbone())
    # the others take the strength of the first: choosing it anew would take half of the time
    repeats = [first, *(_fit_again(other, first) for other in tables[1:])]
    n_user = sum(len(part.photos) for part in drawn.splits.values())
    labels = table.catalog.labels
    on_rest = [trained.choose_head("test").scores(rest.X).argmax(1) == rest.y for trained in repeats]
    test = _measure(tables[0], first.choose_head("test"))

    def compare(kind: str, share: float, interval: Sequence[float], target: float, at: np.ndarray) -> Result:
        of_rest = _bound_rest(target, on_rest[0][at], rest, at)
        is_right = _is_covered(share, interval, target, of_rest)
        return kind, is_right, interval[1] - interval[0], n_user, len(rest.y)

    whole, mean = np.arange(len(rest.y)), _average([each.mean() for each in on_rest])
    yield compare("test", test["accuracy"], test["accuracy_ci95"], on_rest[0].mean(), whole)
    for number, label in enumerate(labels):
        row, at = test["per_class"][label], np.flatnonzero(rest.y == number)
        if row["support"]:
            yield compare("class", row["recall"], row["recall_ci95"], on_rest[0][at].mean(), at)
    nested = cross_validate_nested(first).measures
    yield compare("cross-validation", nested["accuracy"], nested["accuracy_ci95"], mean, whole)
    results = RepeatResults()
    for trained in repeats:
        results.add(trained)
    record = results.to_dict(N_REPEATS)
    yield compare("repeats", record["mean"], record["mean_ci95"], mean, whole)


def _fit_again(table: FeatureTable, first: TrainedMethod) -> TrainedMethod:
    return replace(first, table=table, final=fit_final_head(table, first.settings, first.fitted))


def _measure(table: FeatureTable, head: LinearHead) -> dict:
    test = table.splits["test"]
    return measure_split(SplitPredictions(test, head.probabilities(test.X)), table.catalog.labels) or {"n": 0}


def _bound_rest(target: float, is_right: np.ndarray, rest: SplitFeatures, at: np.ndarray) -> list[float]:
    """Return the interval of the accuracy on the rest, moved to the mean accuracy if that is the target."""
    groups = rest.groups
    low, high = bound_share(is_right, np.ones(len(is_right)), None if groups is None else [groups[n] for n in at])
    return [low + target - is_right.mean(), high + target - is_right.mean()]


def _is_covered(share: float, interval: Sequence[float], target: float, of_rest: Sequence[float]) -> bool:
    """Say whether two accuracies agree by Newcombe's square-and-add rule."""
    gap = share - target
    low = gap - ((share - interval[0]) ** 2 + (of_rest[1] - target) ** 2) ** 0.5
    high = gap + ((interval[1] - share) ** 2 + (target - of_rest[0]) ** 2) ** 0.5
    return low <= 0 <= high


if __name__ == "__main__":
    main()
