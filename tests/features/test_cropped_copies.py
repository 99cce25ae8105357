"""Which of the candidates are cropped copies, and which are look-alikes."""

import numpy as np
import pytest
from PIL import Image

from headstart.features import cropped_copies
from headstart.features.cropped_copies import find_cropped_copies
from headstart.features.thumbnail_spectra import find_details

GENERATOR = np.random.default_rng(0)


def paint(n, side=14):
    small = GENERATOR.integers(0, 256, (n, side, side), np.uint8)
    return np.stack([Image.fromarray(one).resize((128, 128), Image.Resampling.BICUBIC) for one in small])


def shrink(picture, box=None):
    return np.asarray(Image.fromarray(picture).resize((32, 32), Image.Resampling.BOX, box=box))


def list_pairs(thumbnails, first, second):
    found = find_cropped_copies(find_details(np.stack(thumbnails)), np.array(first), np.array(second))
    return list(zip(found.first.tolist(), found.second.tolist(), strict=True))


@pytest.mark.parametrize("share", [0.95, 0.9, 0.85])
def test_crops_are_found_and_other_photos_are_not(share):
    large = paint(40)
    side = 128 * share
    crops = []
    for picture in large[:10]:
        left, top = GENERATOR.uniform(0, 128 - side, 2)
        crops.append(shrink(picture, (left, top, left + side, top + side)))
    thumbnails = [*map(shrink, large), *crops]
    first = [*range(10), *range(10)]
    second = [*range(40, 50), *range(20, 30)]
    assert list_pairs(thumbnails, first, second) == [(n, n + 40) for n in range(10)]


def test_a_mirrored_crop_is_found_from_both_sides():
    large = paint(30)
    thumbnails = [*map(shrink, large), shrink(np.fliplr(large[4]), (6, 3, 120, 117))]
    assert list_pairs(thumbnails, [4], [30]) == [(4, 30)]
    thumbnails[4], thumbnails[30] = thumbnails[30], thumbnails[4]
    assert list_pairs(thumbnails, [4], [30]) == [(4, 30)]


def test_stripes_that_fit_once_they_are_moved_are_no_copies():
    x = np.arange(32)
    thumbnails = [shrink(one) for one in paint(30)]
    for n, phase in enumerate((0.0, 0.8)):
        thumbnails[n] = np.broadcast_to(128 + 100 * np.sin(0.9 * x + phase), (32, 32)).round().astype(np.uint8)
    assert list_pairs(thumbnails, [0], [1]) == []


def test_one_part_at_many_places_is_no_copy():
    part = paint(1, side=9)[0]
    thumbnails = []
    for _ in range(60):
        left, top = GENERATOR.uniform(0, 20, 2)
        thumbnails.append(shrink(part, (left, top, left + 108, top + 108)))
    first, second = zip(*[(n, other) for n in range(20) for other in range(n + 1, 20)], strict=True)
    details = find_details(np.stack(thumbnails))
    correlation = cropped_copies.align_pairs(details, np.array(first), np.array(second))
    assert (correlation >= cropped_copies.AGREES).sum() > 20
    assert list_pairs(thumbnails, first, second) == []
    plain = [np.full((32, 32), 200, np.uint8)] * 240  # they do not count as random photos
    assert list_pairs(thumbnails + plain, first, second) == []


def test_of_many_promising_pairs_the_best_are_compared(monkeypatch):
    monkeypatch.setattr(cropped_copies, "MAX_PROMISING", 1)
    large = paint(30)
    blurred = GENERATOR.normal(0, 40, (32, 32)) + shrink(large[3], (4, 4, 124, 124))
    thumbnails = [*map(shrink, large), blurred.clip(0, 255).astype(np.uint8), shrink(large[5], (4, 4, 124, 124))]
    assert list_pairs(thumbnails, [3, 5], [30, 31]) == [(5, 31)]


def test_no_candidates_give_no_pairs():
    thumbnails = [shrink(one) for one in paint(3)]
    assert list_pairs(thumbnails, np.empty(0, int), np.empty(0, int)) == []
