"""Pairs of thumbnails that correlate, as they are and mirrored, against the plain sum of products."""

import numpy as np
import pytest
from PIL import Image

from headstart.features import thumbnail_pairs
from headstart.features.thumbnail_pairs import SIGNS, correlate_pairs, measure_difference, walk_pairs
from headstart.features.thumbnail_spectra import find_details

GENERATOR = np.random.default_rng(0)


def paint(n=1):
    small = GENERATOR.integers(0, 256, (n, 12, 12), np.uint8)
    return np.stack([Image.fromarray(one).resize((32, 32), Image.Resampling.BICUBIC) for one in small])


def list_pairs(details, lowest):
    return {
        (int(i), int(j)): float(value)
        for _, found in walk_pairs(details, lowest)
        for i, j, value in zip(found.first, found.second, found.correlation, strict=True)
    }


@pytest.mark.parametrize("turn", [lambda x: x, np.fliplr, np.flipud, lambda x: x[::-1, ::-1]])
def test_a_mirrored_copy_correlates_by_one(turn):
    picture = paint()[0]
    details = find_details(np.stack([picture, turn(picture)]))
    assert list_pairs(details, 0.5) == {(0, 1): pytest.approx(1, abs=1e-3)}


def test_no_pair_is_lost_by_the_bound():
    details = find_details(np.concatenate([paint(60), paint(1)]))
    rows = details.parts.transpose(1, 0, 2)
    products = np.einsum("ipf,jpf->ijp", rows, rows)
    plain = np.triu((products @ SIGNS.T).max(-1), 1)
    for lowest in (0.05, 0.15):
        assert sorted(list_pairs(details, lowest)) == [tuple(pair) for pair in np.argwhere(plain >= lowest).tolist()]


def test_pairs_of_many_blocks_are_each_found_once(monkeypatch):
    pictures = paint(40)
    pictures[33] = pictures[5]
    details = find_details(pictures)
    whole = list_pairs(details, 0.1)
    monkeypatch.setattr(thumbnail_pairs, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(thumbnail_pairs, "COLUMNS_AT_ONCE", 5)
    assert (5, 33) in whole
    assert sorted(list_pairs(details, 0.1)) == sorted(whole)
    assert [n_done for n_done, _ in walk_pairs(details, 0.1)] == [7, 14, 21, 28, 35, 40]


def test_a_high_correlation_of_few_dimensions_is_likely_by_chance():
    x = np.arange(32)
    stripes = [np.broadcast_to(128 + 100 * np.sin(0.9 * x + phase), (32, 32)) for phase in (0.0, 0.2)]
    pictures = np.concatenate([np.stack(stripes).round().astype(np.uint8), paint(1), paint(1)])
    pictures[3] = pictures[2]
    (found,) = (found for _, found in walk_pairs(find_details(pictures), 0.9))
    chances = dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.chance, strict=True))
    assert chances[0, 1] > 1e-3
    assert chances[2, 3] < 1e-6


def test_many_pairs_are_correlated_in_blocks(monkeypatch):
    parts = find_details(paint(9)).parts
    first, second = (np.array(some) for some in zip(*[(i, j) for i in range(9) for j in range(9)], strict=True))
    whole = correlate_pairs(parts, first, second)
    monkeypatch.setattr(thumbnail_pairs, "PAIRS_AT_ONCE", 10)
    assert correlate_pairs(parts, first, second) == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("contrast", [0.1, 0.5])
def test_the_difference_is_in_levels_whatever_the_contrast_is(contrast):
    picture = 128 + contrast * (paint()[0] - 128.0)
    both = np.stack([picture, picture + GENERATOR.normal(0, 3, (32, 32))]).round().astype(np.uint8)
    details = find_details(both)
    (found,) = (found for _, found in walk_pairs(details, 0.5))
    assert measure_difference(details, found) == pytest.approx(3, abs=0.4)


def test_some_pairs_are_taken_by_place_or_by_mask():
    (found,) = (found for _, found in walk_pairs(find_details(paint(9)), 0.0))
    assert found.take(np.array([2, 4])).second.tolist() == found.second[[2, 4]].tolist()
    mask = found.first == 1
    assert found.take(mask).correlation.tolist() == found.correlation[mask].tolist()
