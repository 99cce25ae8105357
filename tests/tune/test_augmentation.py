"""Augmentation changes each photo on its own, within its bounds."""

import numpy as np
import torch

from headstart.tune.augmentation import augment_pixels

PIXELS = torch.from_numpy(np.tile(np.linspace(0, 255, 32, dtype=np.uint8)[None, :, None, None], (12, 1, 32, 3)))


def change(seed, **options):
    return augment_pixels(PIXELS, np.random.default_rng(seed), **options)


def test_each_photo_has_its_own_changes_which_follow_from_the_seed():
    one = change(0)
    assert one.shape == PIXELS.shape
    assert one.dtype == torch.float32
    assert 0 <= one.min() <= one.max() <= 255
    assert torch.equal(one, change(0))
    assert not torch.equal(one, change(1))
    assert not torch.equal(one[0], one[1])


def list_dark_ends(**options):
    """Return the sides to which the dark top of the photos was turned: 0 top, 1 left, 2 bottom, 3 right."""
    changed = change(3, **options).mean(3)
    sides = [changed[:, :8], changed[:, :, :8], changed[:, -8:], changed[:, :, -8:]]
    return set(np.argmin([side.mean((1, 2)) for side in sides], axis=0).tolist())


def test_photos_are_turned_only_to_their_symmetric_views():
    assert list_dark_ends() == {0}
    assert list_dark_ends(n_symmetric=2) == {0}  # mirrored always
    assert list_dark_ends(n_symmetric=4) == {0, 2}
    assert len(list_dark_ends(n_symmetric=8)) > 2
