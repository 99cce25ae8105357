"""The table of the benchmark `unknown`: what its draws gave, averaged into rows and claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness import Claim

NOTHING = float("nan")
LEVELS = (0.01, 0.05, 0.1)
OTHERS = ("max softmax", "energy", "Mahalanobis", "ViM, all stages")
COLUMNS = [
    "known", "photos", "AUROC: novelty", "worst", *OTHERS, "strangers refused at 1%, 5%", "worst at 5%",
    "own photos refused at 1%, 5%, 10%",
]  # fmt: skip


@dataclass(frozen=True)
class Draw:
    """What one draw gave.

    Attributes
    ----------
    n_photos
        Number of the user's photos.
    areas
        AUROC by score and kind of strangers.
    refused
        Share of strangers refused, by level and kind.
    own
        Share of own photos refused, by level; NaN if the photos are too few for it.
    """

    n_photos: int
    areas: Mapping[str, Mapping[str, float]]
    refused: Mapping[float, Mapping[str, float]]
    own: Mapping[float, float]


Draws = Mapping[str, Sequence[Draw]]  # by set


def average(values: Sequence[float]) -> float:
    """Return the mean, or NaN of nothing."""
    return float(np.mean(values)) if len(values) else NOTHING


def average_areas(draws: Sequence[Draw], score: str) -> dict[str, float]:
    """Return the mean AUROC of a score by kind of strangers."""
    found = [draw.areas[score] for draw in draws if score in draw.areas]
    return {kind: average([areas[kind] for areas in found]) for kind in (found[0] if found else ())}


def average_refused(draws: Sequence[Draw], level: float) -> dict[str, float]:
    """Return the mean share of strangers refused by kind."""
    found = [draw.refused[level] for draw in draws if level in draw.refused]
    return {kind: average([refused[kind] for refused in found]) for kind in (found[0] if found else ())}


def average_own(draws: Sequence[Draw], level: float) -> float:
    """Return the mean share of own photos refused; NaN if no draw has enough photos."""
    return average([draw.own[level] for draw in draws if level in draw.own])


def write_row(name: str, draws: Draws) -> list[str]:
    """Return the row of a set, or of the mean of several."""

    def write(values: Sequence[float], digits: int = 1) -> str:
        return "-" if not values or np.isnan(values).all() else f"{100 * np.nanmean(values):.{digits}f}"

    areas = {score: [average_areas(some, score) for some in draws.values()] for score in ("novelty", *OTHERS)}
    novelty = [area for of in areas["novelty"] for area in of.values()]
    refused = {level: [average_refused(some, level) for some in draws.values()] for level in LEVELS}
    at_5 = [share for of in refused[0.05] for share in of.values()]
    n_photos = average([draw.n_photos for some in draws.values() for draw in some])
    own = [write([average_own(some, level) for some in draws.values()], 2) for level in LEVELS]
    told = [write([share for of in refused[level] for share in of.values()]) for level in LEVELS[:2]]
    others = [write([area for of in areas[score] for area in of.values()]) for score in OTHERS]
    return [
        name, f"{n_photos:,.0f}", write(novelty, 2), write([min(novelty, default=NOTHING)]), *others, ", ".join(told),
        write([min(at_5, default=NOTHING)]), ", ".join(own),
    ]  # fmt: skip


def list_claims(known: Draws, small: Mapping[int, Draws], groups: Mapping[int, Draws]) -> list[Claim]:
    """Return the claims, the worst pairs named."""
    areas = {
        f"{name} against {kind}": area
        for name, draws in known.items() for kind, area in average_areas(draws, "novelty").items()
    }  # fmt: skip
    refused = {
        f"{name} against {kind}": share
        for name, draws in known.items() for kind, share in average_refused(draws, 0.05).items()
    }  # fmt: skip
    worst, least = min(areas, key=areas.__getitem__), min(refused, key=refused.__getitem__)
    claims = [
        Claim("mean AUROC", average(list(areas.values())), 0.985),
        Claim(f"worst AUROC ({worst})", areas[worst], 0.95),
        Claim("strangers refused at 5%, mean", average(list(refused.values())), 0.9),
        Claim(f"strangers refused at 5%, worst ({least})", refused[least], 0.5),
    ]
    for level in LEVELS:
        others = {f", {n} photos": draws for n, draws in small.items()}
        others |= {f", {n} photos in groups": draws for n, draws in groups.items()}
        for what, sets in {"": known, **others}.items():
            shares = {name: average_own(draws, level) for name, draws in sets.items()}
            told = {name: share for name, share in shares.items() if not np.isnan(share)}
            if not told:
                continue
            most = max(told, key=told.__getitem__)
            error = abs(average(list(told.values())) - level)
            limit = min(0.015, level)
            claims += [
                Claim(f"own photos refused at {level:.0%}{what}: error of the mean", error, limit, is_at_least=False),
                Claim(f"the same, highest set ({most}) / promise", told[most] / level, 2, is_at_least=False),
            ]
    return claims
