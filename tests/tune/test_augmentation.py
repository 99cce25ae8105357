"""Photos are changed, never beyond recognition."""

import numpy as np
import torch

from headstart.tune.augmentation import augment_pixels

PIXELS = torch.from_numpy(np.tile(np.linspace(0, 255, 32, dtype=np.uint8)[None, :, None, None], (12, 1, 32, 3)))


def change(seed, **options):
    return augment_pixels(PIXELS, np.random.default_rng(seed), **options)


def test_each_photo_is_changed_by_itself_and_by_the_seed():
    one = change(0)
    assert one.shape == PIXELS.shape
    assert one.dtype == torch.float32
    assert 0 <= one.min() <= one.max() <= 255
    assert torch.equal(one, change(0))
    assert not torch.equal(one, change(1))
    assert not torch.equal(one[0], one[1])


def list_dark_ends(**options):
    """Return at which side of each photo, whose top was dark, the dark is now: 0 above, 1 left, 2 below, 3 right."""
    changed = change(3, **options).mean(3)
    sides = [changed[:, :8], changed[:, :, :8], changed[:, -8:], changed[:, :, -8:]]
    return set(np.argmin([side.mean((1, 2)) for side in sides], axis=0).tolist())


def test_photos_are_turned_by_as_much_as_they_are_symmetric():
    assert list_dark_ends() == {0}
    assert list_dark_ends(n_symmetric=2) == {0}  # mirrored they are always
    assert list_dark_ends(n_symmetric=4) == {0, 2}
    assert len(list_dark_ends(n_symmetric=8)) > 2
