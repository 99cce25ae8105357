"""Find poor photos: blank, dark, flat, tiny, of an extreme shape, or blurred.

The limits flag under 1% of the clean photos of each set that was measured. A photo is poor only if most of its set is
better: a set of night photos is not a set of findings.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from headstart.inspection.finding import Finding
from headstart.inspection.photo_set import PhotoSet
from headstart.pixels.photo_measures import take_measure

BLANK, DARK, FLAT = 20.0, 60.0, 40.0  # levels of 255: contrast, brightest parts, contrast
SHARPNESS = 30.0  # variance of the Laplacian
TINY_PX, ASPECT = 64, 3.0  # shorter side; longer side by shorter side
FAR, VERY_FAR = 3.0, 3.75  # median absolute deviations below the median; the latter if more than MANY are far
OF_MEDIAN, OF_MEDIAN_SHARPNESS = 0.5, 0.25  # of the median, at most: nearly the same value is no poor photo's
MANY = 0.01  # share of the photos: the set itself varies then
COMMON = 0.2  # share of the photos that makes a size usual
_ORDER = ("blank", "dark", "flat", "shape", "tiny", "blurred")  # dark and flat photos have few edges: blurred is last
Floats = npt.NDArray[np.float64]
Marks = tuple[Floats, npt.NDArray[np.bool_], Callable[[int], str]]


def find_poor_photos(photos: PhotoSet, *, reads_headers: bool = True) -> list[Finding]:
    """Find poor photos; each gets one kind, the first of blank, dark, flat, shape, tiny and blurred.

    The score is 0.5 at the limit of the kind in this set, and grows towards 1. Without measures, only tiny photos and
    extreme shapes are found; if the headers of the files are not read, only the others.
    """
    marks: dict[str, Marks] = _mark_sizes(photos) if reads_headers else {}
    marks |= {} if photos.measures is None else _mark_pixels(photos.measures)
    is_left = np.ones(len(photos.photos), bool)
    found: list[Finding] = []
    for kind in _ORDER:
        if kind not in marks:
            continue
        ratios, is_poor, explain = marks[kind]
        at = np.flatnonzero(is_poor & is_left)
        is_left[at] = False
        worst_first = at[np.argsort(ratios[at], kind="stable")].tolist()
        found += [photos.find(kind, [n], score=1 - 0.5 * float(ratios[n]), evidence=explain(n)) for n in worst_first]
    return found


def _mark_pixels(measures: npt.NDArray[np.float32]) -> dict[str, Marks]:
    """Return for each kind the value by its limit (N,), which photos are poor, and the evidence of a photo."""
    measures = np.nan_to_num(measures, nan=np.inf)  # unknown measures count as good
    brightest, sharpness = take_measure(measures, "brightest"), take_measure(measures, "sharpness")
    contrast = brightest - np.where(np.isfinite(brightest), take_measure(measures, "darkest"), 0)
    usual_contrast, usual_sharpness = _find_median(contrast), _find_median(sharpness)

    def explain_blank(n: int) -> str:
        return f"It shows almost nothing: its darkest and brightest parts differ by {contrast[n]:.0f} of 255 levels."

    def explain_dark(n: int) -> str:
        return f"Its brightest parts have {brightest[n]:.0f} of 255 levels."

    def explain_flat(n: int) -> str:
        usual = f"in half of the photos by more than {usual_contrast:.0f}"
        return f"Its darkest and brightest parts differ by {contrast[n]:.0f} of 255 levels, {usual}."

    def explain_blurred(n: int) -> str:
        usual = f"half of the photos have more than {_name_number(usual_sharpness)}"
        return f"Its sharpness is {_name_number(float(sharpness[n]))}; {usual}."

    return {
        "blank": (contrast / BLANK, contrast < BLANK, explain_blank),
        "dark": (*_compare(brightest, DARK, OF_MEDIAN), explain_dark),
        "flat": (*_compare(contrast, FLAT, OF_MEDIAN), explain_flat),
        "blurred": (*_compare(sharpness, SHARPNESS, OF_MEDIAN_SHARPNESS), explain_blurred),
    }


def _compare(values: Floats, limit: float, of_median: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return values by their limit, and which are below it.

    The limit is the least of three: the given one, a share of the median, and one far below the median by logarithms.
    """
    logs = np.log(np.maximum(values, 0) + 0.01)
    known = logs[np.isfinite(logs)]
    if not len(known):
        return values, np.zeros(len(values), bool)
    median = float(np.median(known))
    deviation = float(np.median(np.abs(known - median)))
    limit = min(limit, of_median * math.exp(median))
    for n_deviations in (FAR, VERY_FAR):
        least = max(1e-6, min(limit, math.exp(median - n_deviations * deviation) - 0.01))
        is_below: npt.NDArray[np.bool_] = values < least
        if is_below.mean() <= MANY:
            break
    return values / least, is_below


def _name_number(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _find_median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0


def _mark_sizes(photos: PhotoSet) -> dict[str, Marks]:
    """Return the same as `_mark_pixels` for the kinds that the header of a file tells."""
    sizes = [(facts.width, facts.height) if facts else (0, 0) for facts in photos.facts]
    sides = np.array(sizes, np.float64).reshape(-1, 2)
    shorter, longer = sides.min(axis=1), sides.max(axis=1)
    is_known = shorter > 0
    ratio = np.where(is_known, ASPECT * shorter / np.maximum(longer, 1), np.inf)
    is_tiny, is_long = is_known & (shorter < TINY_PX), ratio < 1

    def explain_tiny(n: int) -> str:
        width, height = sizes[n]
        return (
            f"It has {width:,} x {height:,} pixels: enlarged to the size of the network's input, it shows no details."
        )

    def explain_shape(n: int) -> str:
        width, height = sizes[n]
        return f"It has {width:,} x {height:,} pixels, {longer[n] / shorter[n]:.1f} to 1, and is squeezed to a square."

    return {
        "tiny": (shorter / TINY_PX, is_tiny & (is_tiny.mean() < COMMON), explain_tiny),
        "shape": (ratio, is_long & (is_long.mean() < COMMON), explain_shape),
    }
