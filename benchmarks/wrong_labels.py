"""How well an audit ranks wrong labels, beside cleanlab's scores, and what following its list brings back.

Wrong labels are planted in the photos of each set: 5% and 10%, at random and to the most similar class; 5 seeds. The
average precision of the ranking is compared with the best of cleanlab's label quality scores, for two kinds of
out-of-fold probabilities: those of scikit-learn's logistic regression on the network's last features, standardised, as
in cleanlab's tutorials, and those of Headstart's own head on the features of the audit, its strength chosen.

For the rows "followed", 30% of the photos are held out, and 10% wrong labels are planted in the others. A person looks
at the first photos in the order of the list, 5% or 10% of all, and corrects those that are wrong. "Any": 5% of the
photos, drawn from the wrong labels, are corrected, as by a list that is always right. "--weigh": the photos that
nobody looked at count by twice the probability of their label. The head of `--method fixed` is fitted to the clean, the
wrong and the corrected labels, and judged on the held-out photos.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from feature_sets import find_sets, map_draws
from harness import Claim, publish
from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_for_audit
from headstart.head.linear import softmax
from headstart.head.regularisation import choose_strength, predict_held_out
from headstart.inspection.gathering import forget_drawn_splits, gather_photos
from headstart.inspection.label_scores import LabelScores, score_labels
from headstart.inspection.ordering import order_findings
from headstart.inspection.photo_set import PhotoSet
from headstart.inspection.weighing import compute_weights
from headstart.inspection.wrong_labels import find_wrong_labels
from headstart.methods.head_fitting import fit_head, prepare_views
from headstart.methods.settings import Settings
from headstart.methods.training_context import TrainingContext
from headstart.training.demo import write_demo_catalog

Draw = dict[str, float]
N_SEEDS = 5
N_DRAWS = {"ants-bees": 24, "rice-leaf": 24, "coffee-leaf": 12, "cats-dogs": 4, "solar cells": 8}
RATES = (("random", 0.05), ("random", 0.1), ("similar", 0.05), ("similar", 0.1))
SCORES = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
N_LAST = 1280
FOLLOWED = 0.05


def main() -> None:
    """Measure each set; assert the gain over cleanlab, and the accuracy that is brought back."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder, "solar cells.csv")
        write_demo_catalog(demo)
        sets = {path.stem: gather(path) for path in [*find_sets(), demo]}
    rows, claims = compare_rankings(sets)
    more_rows, more_claims = follow_lists(sets)
    columns = [
        "set", "Headstart, or clean labels", "cleanlab's best, or wrong labels", "best on this set, or 5% looked at",
        "10% looked at", "any 5%", "5%, and --weigh", "wrong, of the first 5%",
    ]  # fmt: skip
    publish(__doc__ or "", columns, rows + more_rows, claims + more_claims)


def compare_rankings(sets: Mapping[str, PhotoSet]) -> tuple[list[list[str]], list[Claim]]:
    """Return a row for each set, and the claims on average precision."""
    precisions = {name: measure_precisions(photos) for name, photos in sets.items()}
    others = sorted({name for found in precisions.values() for name in found} - {"Headstart"})
    best = max(others, key=lambda name: float(np.mean([found[name] for found in precisions.values()])))
    rows = []
    for name, found in precisions.items():
        on_this = max(others, key=lambda other: found[other])
        cells = [f"{100 * found[method]:.1f}" for method in ("Headstart", best, on_this)]
        rows.append([name, *cells[:2], f"{cells[2]} ({on_this})", "", "", "", ""])
    gains = [100 * (found["Headstart"] - found[best]) for found in precisions.values()]
    plain = [
        100 * max(found[name] for name in others if name.endswith("scikit-learn")) for found in precisions.values()
    ]
    above = [100 * found["Headstart"] - most for found, most in zip(precisions.values(), plain, strict=True)]
    return rows, [
        Claim(f"average precision above cleanlab's best score ({best}), mean of the sets", float(np.mean(gains)), 5),
        Claim("the same, on the worst set", min(gains), -2),
        Claim("above the best score of each set with scikit-learn's probabilities, mean", float(np.mean(above)), 5),
    ]


def follow_lists(sets: Mapping[str, PhotoSet]) -> tuple[list[list[str]], list[Claim]]:
    """Return a row for each set, and the claims on the accuracy that a person brings back."""
    rows, means = [], []
    for name, photos in sets.items():
        draws = list(map_draws(follow_list, photos, range(N_DRAWS.get(name, 8))))
        mean = {key: float(np.mean([draw[key] for draw in draws])) for key in draws[0]}
        means.append(mean)
        rows.append([f"{name}, followed", *(f"{mean[key]:.1%}" for key in mean)])
    total = {key: float(np.mean([mean[key] for mean in means])) for key in means[0]}
    rows.append(["mean, followed", *(f"{total[key]:.1%}" for key in total)])
    cost = total["clean"] - total["wrong"]
    shares = {key: (total[key] - total["wrong"]) / cost for key in ("5%", "10%", "any 5%", "weighed")}
    return rows, [
        Claim("share of the lost accuracy that is brought back, 5% looked at", shares["5%"], 2 / 3),
        Claim("the same, 10% looked at", shares["10%"], 2 / 3),
        Claim("the same, 5% looked at and the undecided ones weighed", shares["weighed"], 2 / 3),
        Claim("the same, 5% looked at, against any 5% of the wrong labels", shares["5%"] / shares["any 5%"], 0.8),
    ]


def gather(source: Path) -> PhotoSet:
    """Return the photos of a set as an audit gathers them."""
    backbone = load_backbone()
    context = TrainingContext(BackboneSetup(backbone, backbone.spec.image_size), verbose=True)
    catalog = forget_drawn_splits(scan_for_audit(source))
    return gather_photos(catalog, context, Settings(method="fixed", features="all"))[0]


def plant_errors(photos: PhotoSet, kind: str, rate: float, seed: int) -> tuple[PhotoSet, np.ndarray]:
    """Return the set with wrong labels, and a mask of them."""
    generator, n, n_classes = np.random.default_rng(seed), len(photos.y), len(photos.labels)
    at, y = generator.choice(n, round(rate * n), replace=False), photos.y.copy()
    if kind == "random":
        y[at] = (y[at] + generator.integers(1, n_classes, len(at))) % n_classes
    else:
        Z = (photos.X - photos.X.mean(0)) / (photos.X.std(0) + 1e-6)
        means = np.stack([Z[photos.y == number].mean(0) for number in range(n_classes)])
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        cosines = means @ means.T
        np.fill_diagonal(cosines, -np.inf)
        y[at] = cosines.argmax(1)[y[at]]
    named = tuple(replace(photo, label=photos.labels[number]) for photo, number in zip(photos.photos, y, strict=True))
    return replace(photos, photos=named, y=y), y != photos.y


def measure_precisions(photos: PhotoSet) -> dict[str, float]:
    """Return the mean average precision of each method over the kinds and rates of errors and the seeds."""
    total: defaultdict[str, list[float]] = defaultdict(list)
    for kind, rate in RATES:
        for draw in map_draws(partial(rank, kind, rate), photos, range(N_SEEDS)):
            for name, value in draw.items():
                total[name].append(value)
    return {name: float(np.mean(values)) for name, values in total.items()}


def rank(kind: str, rate: float, photos: PhotoSet, seed: int) -> Draw:
    """Return the average precision of each method for one draw of wrong labels."""
    from cleanlab.rank import get_label_quality_scores
    from sklearn.metrics import average_precision_score

    wrong, is_wrong = plant_errors(photos, kind, rate, seed)
    scores = _score(wrong)
    found = {"Headstart": float(average_precision_score(is_wrong, -scores.own))}
    for source, probabilities in (("scikit-learn", cross_validate(wrong)), ("own head", predict_out_of_fold(wrong))):
        for name in SCORES:
            quality = get_label_quality_scores(wrong.y, probabilities, method=name)
            found[f"{name}, {source}"] = float(average_precision_score(is_wrong, -quality))
    return found


def cross_validate(photos: PhotoSet) -> np.ndarray:
    """Return out-of-fold probabilities as cleanlab's tutorials compute them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_predict(model, photos.X[:, -N_LAST:], photos.y, cv=folds, method="predict_proba")


def predict_out_of_fold(photos: PhotoSet) -> np.ndarray:
    """Return out-of-fold probabilities of Headstart's head on the features of the audit."""
    prepared, units = prepare_views(
        photos.X[None], photos.y, len(photos.labels), class_weight=None, sample_weight=None, groups=photos.units
    )
    strength = choose_strength(prepared, seed=0, groups=units).strength
    (held,) = predict_held_out(prepared, strength=strength, seeds=[0], groups=units)
    return softmax(held.scores.astype(np.float64))


def follow_list(photos: PhotoSet, seed: int) -> Draw:
    """Return the accuracies with clean, wrong and corrected labels."""
    units = photos.units or [str(n) for n in range(len(photos.y))]
    names = sorted(set(units))
    held = set(np.random.default_rng(seed).choice(names, round(0.3 * len(names)), replace=False).tolist())
    is_test = np.array([unit in held for unit in units])
    train, test = _take(photos, ~is_test), _take(photos, is_test)
    wrong, is_wrong = plant_errors(train, ("random", "similar")[seed % 2], 0.1, seed)
    scores = _score(wrong)
    rows = {photo.digest: n for n, photo in enumerate(wrong.photos)}
    listed = [rows[finding.digests[0]] for finding in order_findings(find_wrong_labels(wrong, scores))]
    generator, n = np.random.default_rng(seed), round(FOLLOWED * len(train.y))
    found = {"clean": _judge(train, train.y, test), "wrong": _judge(train, wrong.y, test)}
    any_wrong = generator.permutation(np.flatnonzero(is_wrong)).tolist()
    for key, some in (("5%", listed[:n]), ("10%", listed[: 2 * n]), ("any 5%", any_wrong[:n])):
        corrected = wrong.y.copy()
        corrected[some] = train.y[some]
        found[key] = _judge(train, corrected, test)
    weights = np.ones(len(train.y))
    corrected[:] = wrong.y
    corrected[listed[:n]] = train.y[listed[:n]]
    undecided = np.setdiff1d(np.arange(len(train.y)), listed[:n])
    weights[undecided] = compute_weights(_score(replace(wrong, y=corrected)))[undecided]
    found["weighed"] = _judge(train, corrected, test, weights)
    return found | {"hits": float(is_wrong[listed[:n]].mean())}


def _score(photos: PhotoSet) -> LabelScores:
    scores = score_labels(photos)
    if scores is None:
        raise ValueError("too few photos")
    return scores


def _take(photos: PhotoSet, mask: np.ndarray) -> PhotoSet:
    at = np.flatnonzero(mask)
    units = None if photos.units is None else [photos.units[n] for n in at]
    return replace(photos, photos=tuple(photos.photos[n] for n in at), y=photos.y[at], X=photos.X[at], units=units)


def _judge(train: PhotoSet, y: np.ndarray, test: PhotoSet, weights: np.ndarray | None = None) -> float:
    """Return the accuracy on the test photos of a head that is fitted to some labels."""
    fitted = fit_head(train.X[None, :, -N_LAST:], y, len(train.labels), groups=train.units, sample_weight=weights)
    return float((fitted.head.scores(test.X[:, -N_LAST:]).argmax(1) == test.y).mean())


if __name__ == "__main__":
    main()
