"""Traits of photos that say nothing about what they show: size, compression, profile, camera, date, border, brightness.

A trait is a column of zeros and ones with a phrase, such as "are 500 pixels wide".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.pixels.header_facts import HeaderFacts
from headstart.pixels.photo_measures import take_measure

FEWEST, SHARE = 3, 0.01  # photos that have a trait, at least
N_BINS = 8  # of a number, with about as many photos each
UNIFORM_SD, NEARLY_UNIFORM_SD = 2.0, 5.0  # levels; a JPEG adds 1 or 2 to a border of one grey
GREY_STEP = 16  # levels, of uniform borders that count as one grey
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Trait:
    """A trait: the end of a sentence that begins with photos, and which of N photos have it."""

    phrase: str
    has: Bools


def list_header_traits(facts: Sequence[HeaderFacts]) -> dict[str, list[Trait]]:
    """Return the traits in the headers of N photos, by the name of the family that evidence uses."""
    widths = np.array([one.width for one in facts], np.float64)
    heights = np.array([one.height for one in facts], np.float64)
    dates = [one.date for one in facts]
    return {
        "size of the picture": [
            *_split(widths, lambda low, high: f"are {_name_range(low, high)} pixels wide"),
            *_split(heights, lambda low, high: f"are {_name_range(low, high)} pixels high"),
            *_split(np.round(widths / np.maximum(heights, 1), 2), _name_shape),
        ],
        "format and compression": [
            *_group([f"are {one.format} files" for one in facts]),
            *_group(
                [f"were saved with one JPEG quality setting ({one.tables})" if one.tables else None for one in facts]
            ),
            *_group(["are progressive JPEGs" if one.is_progressive else None for one in facts]),
            *_group([f"have {one.bits} bits a sample" for one in facts]),
        ],
        "colour profile": _group(
            [f"have the colour profile '{one.profile}'" if one.profile else "have no colour profile" for one in facts]
        ),
        "camera in the Exif data": [
            *_group([f"name the camera '{one.camera}'" if one.camera else "name no camera" for one in facts]),
            *_group(["have Exif data" if one.has_exif else "have no Exif data" for one in facts]),
        ],
        "date in the Exif data": [
            *_group(["have no date" if date is None else f"were taken on {date}" for date in dates]),
            *_group([None if date is None else f"were taken in {date[:7]}" for date in dates]),
            *_group([None if date is None else f"were taken in {date[:4]}" for date in dates]),
        ],
    }


def list_byte_traits(facts: Sequence[HeaderFacts]) -> list[Trait]:
    """Return traits of the bytes that a pixel takes; they measure compression, and texture as well."""
    pixels = np.array([max(1, one.width * one.height) for one in facts], np.float64)
    ratio = np.array([one.n_bytes for one in facts]) / pixels
    return _split(np.round(ratio, 3), lambda low, high: f"take {_name_range(low, high)} bytes a pixel")


def list_border_traits(measures: npt.NDArray[np.float32]) -> list[Trait]:
    """Return traits of the border of N photos: whether the ring or one side has one grey, and which.

    What the border of an ordinary photo shows is left out: it tells the background, which may belong to the class.
    """
    rings = [
        _name_uniform("a border", mean, sd)
        for mean, sd in zip(take_measure(measures, "border_mean"), take_measure(measures, "border_sd"), strict=True)
    ]
    sides = [
        _name_uniform("a side", mean, sd)
        for mean, sd in zip(take_measure(measures, "side_mean"), take_measure(measures, "side_sd"), strict=True)
    ]
    either = [None if side is None else "have a side of one grey" for side in sides]
    return [*_group(rings), *_group(sides), *_group(either)]


def list_brightness_traits(measures: npt.NDArray[np.float32]) -> list[Trait]:
    """Return traits of the mean brightness of N photos."""
    return _split(
        np.round(take_measure(measures, "mean")),
        lambda low, high: f"have a mean of {_name_range(low, high)} of 255 levels",
    )


def _name_uniform(part: str, mean: float, sd: float) -> str | None:
    if sd >= NEARLY_UNIFORM_SD:
        return None
    grey = min(255, round(mean / GREY_STEP) * GREY_STEP)
    return f"have {part} of one grey (about {grey} of 255)" if sd < UNIFORM_SD else f"have {part} of nearly one grey"


def _name_range(low: float, high: float) -> str:
    return f"{low:,g}" if low == high else f"{low:,g} to {high:,g}"


def _name_shape(low: float, high: float) -> str:
    return f"have a width of {_name_range(low, high)} times the height"


def _group(phrases: Sequence[str | None]) -> list[Trait]:
    """Return a trait for each phrase that enough photos have, the most frequent first, but not one that all have."""
    counts = Counter(phrase for phrase in phrases if phrase is not None)
    fewest = max(FEWEST, SHARE * len(phrases))
    column = np.array(phrases, object)
    return [
        Trait(phrase, np.asarray(column == phrase, bool))
        for phrase, n in counts.most_common()
        if fewest <= n < len(phrases)
    ]


def _split(values: npt.NDArray[np.float64], name: Callable[[float, float], str]) -> list[Trait]:
    """Return traits of a number: the values that many photos share, and ranges with about as many photos each."""
    distinct, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    fewest = max(FEWEST, len(values) / N_BINS / 2, SHARE * len(values))
    is_common = counts >= fewest
    traits = [Trait(name(value, value), values == value) for value in distinct[is_common]]
    rest = np.flatnonzero(~is_common[at])
    if len(rest):
        edges = np.unique(np.quantile(values[rest], np.linspace(0, 1, N_BINS + 1), method="nearest"))
        bins = np.searchsorted(edges[1:-1], values[rest], side="left")
        for number in np.unique(bins):
            inside = rest[bins == number]
            has = np.zeros(len(values), bool)
            has[inside] = True
            traits.append(Trait(name(values[inside].min(), values[inside].max()), has))
    return traits if len(traits) > 1 else []
