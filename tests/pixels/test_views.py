"""A view depends only on the photo, the seed and its number."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headstart.pixels.views import AS_IT_IS, MAX_TURNS, SYMMETRIES, View, ViewChoice, draw_view, render_view

PIXELS = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)


def test_view_0_is_the_photo_as_it_is():
    assert draw_view("ab", 0, seed=3) == AS_IT_IS
    np.testing.assert_array_equal(render_view(PIXELS, AS_IT_IS), PIXELS)


@given(st.integers(1, 1000), st.integers(0, 1000))
def test_the_same_seed_draws_the_same_view_within_range(number, seed):
    view = draw_view("abcd", number, seed)
    assert view == draw_view("abcd", number, seed)
    assert -MAX_TURNS <= view.turns <= MAX_TURNS


def test_photos_numbers_and_seeds_give_different_views():
    views = {draw_view(digest, number, seed) for digest in ("a", "b") for number in (1, 2) for seed in (0, 1)}
    assert len(views) == 8
    assert {draw_view("a", number, 0).is_flipped for number in range(1, 30)} == {True, False}


def test_flip_is_a_mirror_image():
    np.testing.assert_array_equal(render_view(PIXELS, View(is_flipped=True)), PIXELS[:, ::-1])


def test_rotation_is_counter_clockwise_and_fills_the_corners_by_reflection():
    grey = np.full((64, 64, 3), 200, np.uint8)
    assert (render_view(grey, View(turns=0.125)) == 200).all()
    marked = grey.copy()
    marked[32:, 44:48] = 0  # below the middle, to the right
    turned = render_view(marked, View(turns=0.125))
    assert turned[8:56, 40:].min() < 50
    assert turned.shape == (64, 64, 3)


def test_different_views_have_different_descriptions():
    views = [AS_IT_IS, View(is_flipped=True), View(turns=0.1), View(turns=-0.1)]
    assert len({view.describe() for view in views}) == 4


def test_a_choice_gives_each_photo_one_view_and_all_photos_together_all_views():
    choice = ViewChoice(SYMMETRIES[1:4])
    digests = [f"{n:064x}" for n in range(30)]
    chosen = [choice.choose(digest) for digest in digests]
    assert chosen == [choice.choose(digest) for digest in digests]
    assert set(chosen) == set(SYMMETRIES[1:4])
    assert AS_IT_IS.choose(digests[0]) == AS_IT_IS


def test_choices_of_different_views_have_different_descriptions():
    texts = {SYMMETRIES[1].describe(), *(ViewChoice(SYMMETRIES[1:n]).describe() for n in (2, 4, 8))}
    assert len(texts) == 4
