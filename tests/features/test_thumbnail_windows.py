"""Windows of thumbnails, against the plain way: cut each out, enlarge it, and correlate."""

import numpy as np
import pytest

from headstart.features import thumbnail_windows
from headstart.features.thumbnail_windows import correlate_aligned, make_windows, shrink_details

GENERATOR = np.random.default_rng(0)
SIDE = 12


def paint(n):
    pictures = GENERATOR.normal(size=(n, SIDE, SIDE)).astype(np.float32)
    return pictures / np.linalg.norm(pictures, axis=(1, 2), keepdims=True)


def correlate(some, others, windows):
    pictures, numbers = np.concatenate([some, others]), np.arange(len(some))
    return correlate_aligned(pictures, numbers, numbers + len(some), windows)


def correlate_plainly(one, other, windows):
    """Return the largest correlation of all windows of each of two pictures with the whole of the other."""
    best = -1.0
    for whole, cut in ((one, other), (other, one)):
        for matrices in windows:
            for rows in matrices:
                for columns in matrices:
                    window = rows @ cut @ columns.T
                    window = window / np.linalg.norm(window)
                    for mirrored in (whole, whole[::-1], whole[:, ::-1], whole[::-1, ::-1]):
                        best = max(best, float(np.vdot(window, mirrored)))
    return best


def test_the_best_window_of_all_is_found():
    windows = make_windows(SIDE, (0.95, 0.8))
    some, others = paint(6), paint(6)
    expected = [correlate_plainly(one, other, windows) for one, other in zip(some, others, strict=True)]
    assert correlate(some, others, windows) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("turn", [lambda x: x, np.fliplr, np.flipud, lambda x: x[::-1, ::-1]])
def test_a_window_agrees_with_its_picture_each_way_round(turn):
    windows = make_windows(SIDE, (0.8,))
    picture = paint(1)[0]
    window = turn(windows[0][0] @ picture @ windows[0][-1].T)
    window = (window / np.linalg.norm(window))[None]
    assert correlate(picture[None], window, windows) == pytest.approx(1, abs=1e-4)
    assert correlate(window, picture[None], windows) == pytest.approx(1, abs=1e-4)


def test_pairs_are_compared_in_blocks(monkeypatch):
    windows = make_windows(SIDE, (0.9,))
    some, others = paint(7), paint(7)
    whole = correlate(some, others, windows)
    monkeypatch.setattr(thumbnail_windows, "NUMBERS_AT_ONCE", 3 * windows[0].size)
    assert correlate(some, others, windows) == pytest.approx(whole, abs=1e-6)


def test_the_windows_of_one_size_are_the_mirrored_windows_too():
    for matrices in make_windows(SIDE, (0.97, 0.83)):
        assert matrices.sum(2) == pytest.approx(1)
        assert matrices[::-1, ::-1, ::-1] == pytest.approx(matrices, abs=1e-6)


def test_plain_pictures_agree_with_nothing():
    plain = np.zeros((2, SIDE, SIDE), np.float32)
    assert correlate(plain, paint(2), make_windows(SIDE, (0.9,))) == pytest.approx(0)


def test_half_the_side_keeps_the_length():
    details = np.concatenate([paint(2), np.zeros((1, SIDE, SIDE), np.float32)])
    small = shrink_details(details)
    assert small.shape == (3, SIDE // 2, SIDE // 2)
    assert (small**2).sum((1, 2)) == pytest.approx([1, 1, 0], abs=1e-5)
