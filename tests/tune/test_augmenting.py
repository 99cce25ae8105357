"""Photos are changed, never beyond recognition."""

import numpy as np
import torch

from headstart.tune.augmenting import augment_pixels

PIXELS = torch.from_numpy(np.tile(np.linspace(0, 255, 32, dtype=np.uint8)[None, :, None, None], (6, 1, 32, 3)))


def change(seed, **options):
    return augment_pixels(PIXELS, np.random.default_rng(seed), **{"is_symmetric": False, **options})


def test_each_photo_is_changed_by_itself_and_by_the_seed():
    one = change(0)
    assert one.shape == PIXELS.shape
    assert one.dtype == torch.float32
    assert 0 <= one.min() <= one.max() <= 255
    assert torch.equal(one, change(0))
    assert not torch.equal(one, change(1))
    assert not torch.equal(one[0], one[1])


def test_what_is_below_stays_below():
    changed = change(0).mean((2, 3))  # dark at the top of the photo, bright at its bottom
    assert (changed[:, -8:].mean(1) > changed[:, :8].mean(1)).all()


def test_photos_without_an_upside_are_turned():
    changed = change(0, is_symmetric=True).mean((2, 3))
    assert not (changed[:, -8:].mean(1) > changed[:, :8].mean(1) + 20).all()
