"""What suggested labels gain over labels of random photos, what the suggestion costs, and near copies in it.

Of each set 30% are held out, the same share of each class. Of the others 20 photos get a label, then 50, 100 and 200:
each time the classifier of the labels so far is there, and the next photos are chosen by the rule. The classifier is
logistic regression on features of the last stage, with the strength by cross-validation, the same for all rules. Means
of 5 seeds. "margin": the smallest margins alone; random until there is a classifier. The settings were chosen on other
seeds. "all": every photo that is not held out has a label, which no rule can exceed by much.

Near copies: 3,000 photos, and a halved, saved again, mirrored or slightly cropped copy of 2,000 of them; 500
suggestions. The cost is the whole command for crops of photos (`photo_maker.py`), once features are cached.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from threadpoolctl import threadpool_limits

from copy_maker import make_copy
from feature_sets import find_sets
from harness import PHOTOS, Claim, find_command, publish, run_process, use_empty_cache
from headstart.backbone.loading import open_setup
from headstart.catalog.scan import scan_for_audit
from headstart.classifier.refusal import choose_refusal
from headstart.features.near_copies import CopyPair
from headstart.head.clusters import reduce_features
from headstart.head.linear import LinearHead, softmax
from headstart.head.novelty import fit_novelty
from headstart.head.selection import Pool, choose_doubtful, choose_typical, measure_margins
from headstart.inspection.gathering import forget_drawn_splits, gather_photos
from headstart.inspection.suggestion_choice import FEWEST_LABELS, list_copies
from headstart.methods.head_fitting import fit_head
from headstart.methods.settings import Settings
from headstart.methods.training_context import TrainingContext
from headstart.training.demo import write_demo_catalog

ROUNDS = (20, 50, 100, 200)  # labels
SEEDS = range(5)
HELD_SHARE = 0.3
N_PHOTOS, N_COPIED, N_SUGGESTED, N_WARM = 3_000, 2_000, 500, 10_000
KINDS = ("halved", "JPEG quality 40", "mirrored", "cropped to 90%")
Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Set:
    """The features (N, D), those of all stages (N, W), labels (N,) and near copies of a set."""

    name: str
    X: Floats
    wide: Floats
    y: Numbers
    digests: list[str]
    pairs: tuple[CopyPair, ...]


@dataclass(frozen=True, eq=False)
class _Round:
    """What a rule knows in a round: the photos that may get a label, the labels so far, and the classifier of these."""

    X: Floats
    rows: Floats
    labelled: Numbers
    copies: dict[int, set[int]]
    head: LinearHead | None
    seed: int

    @property
    def free(self) -> Numbers:
        return np.setdiff1d(np.arange(len(self.X)), self.labelled)


Rule = Callable[[_Round, int], Numbers]


def main() -> None:
    """Measure, and assert the claims."""
    rows, claims = measure_gains()
    for part in (measure_copies, measure_cost):
        row, claim = part()
        rows.append(row)
        claims.append(claim)
    publish(__doc__ or "", ["photos", "labels", *RULES, "gain over random"], rows, claims)


def draw_random(now: _Round, n: int) -> Numbers:
    """Choose photos at random."""
    return np.random.default_rng([now.seed, len(now.labelled)]).permutation(now.free)[:n]


def take_margins(now: _Round, n: int) -> Numbers:
    """Choose the smallest margins."""
    if now.head is None:
        return draw_random(now, n)
    margins = measure_margins(softmax(now.head.scores(now.X)))
    return now.free[np.argsort(margins[now.free], kind="stable")[:n]]


def suggest(now: _Round, n: int) -> Numbers:
    """Choose as ``headstart suggest`` does; if near copies alone are left, take any of them."""
    is_labelled = np.zeros(len(now.X), bool)
    is_labelled[now.labelled] = True
    pool = Pool(~is_labelled, now.copies)
    for row in now.labelled.tolist():
        pool.take(row)
    if now.head is None or len(now.labelled) < FEWEST_LABELS:
        chosen = choose_typical(now.rows, is_labelled, pool, n, seed=now.seed)
    else:
        test = fit_novelty(now.X[now.labelled], seed=now.seed)
        share = None if test is None else choose_refusal(test.n_units)
        is_strange = np.zeros(len(now.X), bool)
        if test is not None and share is not None:
            is_strange = test.measure(now.X) <= share
        margins = measure_margins(softmax(now.head.scores(now.X)))
        chosen = choose_doubtful(now.rows, margins, is_strange, pool, n, seed=now.seed)
    found = np.array([one.row for one in chosen], np.int64)
    rest = np.setdiff1d(now.free, found)
    return np.append(found, rest[: n - len(found)])


RULES: dict[str, Rule] = {"random": draw_random, "margin": take_margins, "suggested": suggest}


def read_sets() -> Iterator[_Set]:
    """Yield the sets of photos and the demo, with the features of the last stage."""
    setup = open_setup("mobilenet_v2")
    with use_empty_cache() as folder:
        demo = folder / "solar cells.csv"
        write_demo_catalog(demo)
        for source in [*find_sets(), demo]:
            catalog = forget_drawn_splits(scan_for_audit(source))
            found, _ = gather_photos(catalog, TrainingContext(setup, verbose=True), Settings(method="fixed"))
            digests = [photo.digest for photo in found.photos]
            X = np.ascontiguousarray(found.X[:, -found.n_last :])
            yield _Set(source.stem, X, found.X, found.y, digests, found.near_copies.pairs)


def measure_gains() -> tuple[list[list[str]], list[Claim]]:
    """Compare the rules on all sets."""
    rows: list[list[str]] = []
    gains: list[list[float]] = []
    room: list[list[float]] = []
    with threadpool_limits(1, "blas"):
        for one in read_sets():
            means = {name: 100 * np.mean([_run(one, rule, s) for s in SEEDS], axis=0) for name, rule in RULES.items()}
            gains.append((means["suggested"] - means["random"]).tolist())
            for n, number in enumerate(ROUNDS):
                values = [f"{mean[n]:.1f}" for mean in means.values()]
                rows.append([one.name, str(number), *values, f"{gains[-1][n]:+.1f}"])
                print(*rows[-1], flush=True)
            most = 100 * float(np.mean([_run_all(one, seed) for seed in SEEDS]))
            room.append((most - means["random"]).tolist())
            rows.append([one.name, "all", *[f"{most:.1f}"] * len(RULES), ""])
    mean, most_gain = np.mean(gains, axis=0), np.mean(room, axis=0)
    for n, number in enumerate(ROUNDS):
        cells = ["", "", "", f"{mean[n]:+.1f} (with all labels {most_gain[n]:+.1f})"]
        rows.append(["**mean of the sets**", str(number), *cells])
    claims = [
        Claim(f"points above random with {number} labels, mean of the sets", float(mean[ROUNDS.index(number)]), 4)
        for number in (50, 100)
    ]
    for number in (50, 100):
        worst = min(one[ROUNDS.index(number)] for one in gains)
        claims.append(Claim(f"points above random with {number} labels, on the set with the least", worst, -1))
    return rows, claims


def _run(one: _Set, rule: Rule, seed: int) -> list[float]:
    """Return the accuracy after each round."""
    pool, held = _divide(one.y, seed)
    X, y = one.X[pool], one.y[pool]
    at = {one.digests[row]: n for n, row in enumerate(pool.tolist())}
    copies = list_copies(at, one.pairs, len(pool))
    rows, head = reduce_features(one.wide[pool]), None
    labelled, classes, accuracy = np.empty(0, np.int64), np.unique(y), []
    for number in ROUNDS:
        n = min(number, len(pool)) - len(labelled)
        if n:
            labelled = np.append(labelled, rule(_Round(X, rows, labelled, copies, head, seed), n))
            classes, numbers = np.unique(y[labelled], return_inverse=True)
            head = None
            if len(classes) > 1:
                head = fit_head(X[labelled][None], numbers.astype(np.int64), len(classes), seed=seed).head
        answers = classes[0] if head is None else classes[head.scores(one.X[held]).argmax(1)]
        accuracy.append(float((answers == one.y[held]).mean()))
    return accuracy


def _run_all(one: _Set, seed: int) -> float:
    """Return the accuracy if all photos that are not held out have a label."""
    pool, held = _divide(one.y, seed)
    fitted = fit_head(one.X[pool][None], one.y[pool], int(one.y.max()) + 1, seed=seed)
    return float((fitted.head.scores(one.X[held]).argmax(1) == one.y[held]).mean())


def _divide(y: Numbers, seed: int) -> tuple[Numbers, Numbers]:
    """Return the rows that may get a label and the held-out rows, both with the same share of each class."""
    generator = np.random.default_rng(seed)
    classes = [generator.permutation(np.flatnonzero(y == number)) for number in np.unique(y)]
    held = np.concatenate([rows[: round(HELD_SHARE * len(rows))] for rows in classes])
    return np.setdiff1d(np.arange(len(y)), held), np.sort(held)


def measure_copies() -> tuple[list[str], Claim]:
    """Suggest photos of a folder in which many are near copies of others."""
    generator = np.random.default_rng(0)
    with use_empty_cache() as folder:
        photos = folder / "photos"
        photos.mkdir()
        for n, path in enumerate(sorted(PHOTOS.rglob("*.jpg"))[:N_PHOTOS]):
            (photos / f"{n:04}.jpg").write_bytes(path.read_bytes())
            if n < N_COPIED:
                with Image.open(path) as image:
                    copy = make_copy(image.convert("RGB"), KINDS[n % len(KINDS)], generator)
                (photos / f"{n:04} again.jpg").write_bytes(copy)
        command = [find_command(), "suggest", photos, "--n", N_SUGGESTED, "--out", folder / "s.csv", "--json"]
        found = json.loads(run_process(command).output)
    counts = Counter(Path(one["path"]).name[:4] for one in found["photos"])
    twice = sum(n - 1 for n in counts.values())
    row = [f"{N_PHOTOS + N_COPIED:,} photos, {N_COPIED:,} of them near copies", "", "", "",
           f"{len(found['photos'])} suggested, {twice} of a kind with another", ""]  # fmt: skip
    return row, Claim("near copies of a photo that is suggested, too", twice, 0, is_at_least=False)


def measure_cost() -> tuple[list[str], Claim]:
    """Time the whole command for many photos whose features are cached."""
    with use_empty_cache() as folder:
        run_process([sys.executable, Path(__file__).with_name("photo_maker.py"), PHOTOS, folder / "photos", N_WARM])
        command = [find_command(), "suggest", folder / "photos", "--n", 50, "--out", folder / "s.csv", "--overwrite"]
        run_process(command)
        timing = min((run_process(command) for _ in range(3)), key=lambda one: one.cpu_seconds)
    seconds = f"{timing.seconds:.1f} s ({timing.cpu_seconds:.1f} s of processor time), {timing.peak_mb:.0f} MB"
    row = [f"{N_WARM:,} photos, features cached", "", "", "", seconds, ""]
    text = f"processor seconds of a suggestion of {N_WARM:,} photos with cached features"
    return row, Claim(text, timing.cpu_seconds, 3, is_at_least=False)


if __name__ == "__main__":
    main()
