"""Correlations of thumbnails, as they are and mirrored, against the plain sum of products."""

import numpy as np
import pytest
from PIL import Image

from headstart.features.thumbnail_spectra import transform_thumbnails, walk_correlations

GENERATOR = np.random.default_rng(0)


def paint(generator=GENERATOR, n=1):
    """Paint pictures with details of all sizes."""
    small = generator.integers(0, 256, (n, 12, 12), np.uint8)
    return np.stack([Image.fromarray(one).resize((32, 32), Image.Resampling.BICUBIC) for one in small])


def list_pairs(thumbnails, lowest):
    parts, _ = transform_thumbnails(thumbnails)
    return {
        (int(i), int(j)): float(value)
        for block in walk_correlations(parts, lowest)
        for i, j, value in zip(*block, strict=True)
    }


@pytest.mark.parametrize("turn", [lambda x: x, np.fliplr, np.flipud, lambda x: x[::-1, ::-1]])
def test_a_mirrored_copy_correlates_by_one(turn):
    picture = paint()[0]
    assert list_pairs(np.stack([picture, turn(picture)]), 0.5) == {(0, 1): pytest.approx(1, abs=1e-3)}


def test_the_correlation_is_that_of_the_details():
    pictures = paint(n=6)
    parts, _ = transform_thumbnails(pictures)
    rows = np.concatenate(list(parts), axis=1)
    assert rows.shape == (6, 1024)
    assert (rows**2).sum(1) == pytest.approx(np.ones(6), abs=1e-4)
    found = list_pairs(pictures, -1.0)
    assert sorted(found) == [(i, j) for i in range(6) for j in range(i + 1, 6)]
    for (i, j), value in found.items():
        assert value >= rows[i] @ rows[j] - 1e-4  # as it is, or mirrored


def test_brightness_and_gradients_do_not_count():
    picture = paint()[0].astype(float)
    ramp = np.add.outer(np.arange(32), 2.0 * np.arange(32))
    brighter = picture * 0.5 + ramp + 20
    found = list_pairs(np.stack([picture, brighter]).round().clip(0, 255).astype(np.uint8), 0.5)
    assert found[0, 1] > 0.99


def test_a_gradient_alone_is_flat():
    ramps = np.stack([np.add.outer(np.arange(32) * a, np.arange(32) * b) for a, b in ((1, 2), (3, 0), (0, 0))])
    parts, is_flat = transform_thumbnails(ramps.astype(np.uint8))
    assert is_flat.all()
    assert not parts.any()


def test_pairs_of_many_blocks_are_each_found_once(monkeypatch):
    from headstart.features import thumbnail_spectra

    pictures = paint(n=40)
    pictures[33] = pictures[5]
    whole = list_pairs(pictures, 0.3)
    monkeypatch.setattr(thumbnail_spectra, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(thumbnail_spectra, "COLUMNS_AT_ONCE", 5)
    found = list_pairs(pictures, 0.3)
    assert (5, 33) in found
    assert sorted(found) == sorted(whole)
