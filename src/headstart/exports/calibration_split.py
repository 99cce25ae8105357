"""Which photos an export is quantised on, and which it is judged on: where there are enough, not the same."""

from __future__ import annotations

from collections.abc import Sequence

from headstart.catalog.photo import Photo
from headstart.classifier.metadata import Metadata
from headstart.features.calibration_photos import choose_for_calibration

ENOUGH_TO_CALIBRATE = 50  # photos
ENOUGH_TO_DECIDE = 30  # unseen photos by which an export is accepted or refused; with fewer, all that were checked


def choose_calibrating(photos: Sequence[Photo], checked: Sequence[Photo], metadata: Metadata) -> list[Photo]:
    """Return up to 200 photos to quantise a classifier on.

    Those that it was trained on, if there are 50: they tell nothing of unseen photos anyway. Otherwise those that are
    not checked, if there are 50; otherwise any.

    Parameters
    ----------
    photos
        All that there are.
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
