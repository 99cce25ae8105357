"""The share of wrong labels is estimated from held-out scores, of easy and of hard sets."""

import numpy as np
import pytest

from headstart.head import label_noise
from headstart.head.label_noise import estimate_label_noise


def make_scores(n, n_classes, *, scale, share, seed=0):
    """Return scores whose softmax, after a factor of 2, are right probabilities of the classes, and labels."""
    generator = np.random.default_rng(seed)
    scores = scale * generator.normal(size=(n, n_classes))
    p = np.exp(2 * scores)
    p /= p.sum(1, keepdims=True)
    y = (p.cumsum(1) > generator.random((n, 1))).argmax(1)
    is_wrong = generator.random(n) < share
    y[is_wrong] = (y + generator.integers(1, n_classes, n))[is_wrong] % n_classes
    return scores.astype(np.float32), y.astype(np.int64), is_wrong


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("scale", [1, 3])  # hard and easy sets: 75% and 95% right
@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_the_share_of_wrong_labels_is_found(n_classes, scale, share):
    scores, y, is_wrong = make_scores(4000, n_classes, scale=scale, share=share)
    noise = estimate_label_noise(scores, y)
    assert noise.share == pytest.approx(is_wrong.mean(), rel=1 / 3)
    assert noise.gain > 3
    assert noise.is_wrong.mean() == pytest.approx(noise.share, abs=0.01)
    assert noise.is_wrong[is_wrong].mean() > 3 * noise.is_wrong[~is_wrong].mean()


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("scale", [0, 0.3, 1, 3])
def test_a_set_without_wrong_labels_shows_none(n_classes, scale):
    gains = [
        estimate_label_noise(*make_scores(500, n_classes, scale=scale, share=0, seed=seed)[:2]).gain
        for seed in range(10)
    ]
    assert max(gains) < 3
    assert np.median(gains) < 0.5


def test_of_many_scores_a_part_tells_the_share_and_all_are_judged(monkeypatch):
    scores, y, _ = make_scores(4000, 2, scale=3, share=0.1)
    whole = estimate_label_noise(scores, y)
    monkeypatch.setattr(label_noise, "MAX_SCORES", 4000)
    part = estimate_label_noise(scores, y)
    assert part.is_wrong.shape == (4000,)
    assert part.share == pytest.approx(whole.share, rel=0.2)


def test_scores_of_any_size_give_numbers():
    noise = estimate_label_noise(np.array([[1e4, -1e4]] * 10, np.float32), np.array([0, 1] * 5))
    assert np.isfinite(noise.is_wrong).all()
    assert 0 <= noise.share <= label_noise.LARGEST_SHARE
