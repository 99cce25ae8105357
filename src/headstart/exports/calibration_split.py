"""The choice of the photos that an int8 export is quantised on, and of those that decide whether it is accepted."""

from __future__ import annotations

from collections.abc import Sequence

from headstart.catalog.photo import Photo
from headstart.classifier.metadata import Metadata
from headstart.features.calibration_photos import choose_for_calibration

ENOUGH_TO_CALIBRATE = 50  # photos
ENOUGH_TO_DECIDE = 30  # unseen photos; with fewer, all checked photos decide whether an export is accepted


def choose_calibration_photos(photos: Sequence[Photo], checked: Sequence[Photo], metadata: Metadata) -> list[Photo]:
    """Return up to 200 photos to quantise a classifier on.

    Training photos are taken if there are at least 50, because they cannot show how the export does on unseen photos.
    Otherwise photos that are not checked are taken, if there are at least 50; otherwise any.

    Parameters
    ----------
    photos
        All available photos.
    checked
        Those of them on which the export is checked.
    """
    seen = [photo for photo in photos if metadata.has_seen(photo.digest)]
    taken = {photo.digest for photo in checked}
    unchecked = [photo for photo in photos if photo.digest not in taken]
    for pool in (seen, unchecked):
        chosen = choose_for_calibration(pool)
        if len(chosen) >= ENOUGH_TO_CALIBRATE:
            return chosen
    return choose_for_calibration(photos)
