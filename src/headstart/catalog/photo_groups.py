"""Names of the groups of photos that were not taken independently of each other."""

from __future__ import annotations

from collections.abc import Sequence

from headstart.catalog.photo import Photo
from headstart.catalog.split_units import name_units


def name_groups(photos: Sequence[Photo]) -> list[str] | None:
    """Return a name for each photo: photos of one group, copies and near copies share one. None if all would differ."""
    if len({photo.digest for photo in photos}) == len(photos) and not any(
        photo.group or photo.near_copies for photo in photos
    ):
        return None  # the usual case, without making a unit for each photo
    names = name_units(photos)
    numbers = {name: str(number) for number, name in enumerate(dict.fromkeys(names))}
    return None if len(numbers) == len(photos) else [numbers[name] for name in names]
