"""Poor photos are found by their pixels and sizes, each once, and a set that is like that throughout has none."""

import numpy as np
import pytest

from headstart.inspection.poor_photos import find_poor_photos
from headstart.pixels.header_facts import HeaderFacts

GOOD = (10, 230, 500, 120, 120, 30, 120, 20)
N = 400


@pytest.fixture
def make_photos(make_set):
    """Make a set with measures and sizes: those of good photos, which vary, and some poor ones at the start."""

    def make(*poor, sizes=None, n=N):
        measures = np.tile(np.array(GOOD, np.float32), (n, 1))
        measures[:, 2] *= np.exp(np.random.default_rng(0).normal(0, 0.7, n))
        for at, (darkest, brightest, sharpness) in enumerate(poor):
            measures[at, :3] = darkest, brightest, sharpness
        photos = make_set(np.zeros((n, 2)), ["a", "b"] * (n // 2), measures=measures)
        sizes = [*(sizes or ()), *[(500, 375)] * (n - len(sizes or ()))]
        facts = [HeaderFacts(format="JPEG", suffix=".jpg", width=w, height=h, n_bytes=1) for w, h in sizes]
        photos.__dict__["facts"] = facts
        return photos

    return make


def test_good_photos_have_no_findings(make_photos):
    assert find_poor_photos(make_photos()) == []


@pytest.mark.parametrize(
    ("measures", "kind", "evidence"),
    [
        (
            (100, 104, 0.2),
            "blank",
            "It shows almost nothing: its darkest and brightest parts differ by 4 of 255 levels.",
        ),
        ((2, 41, 5), "dark", "Its brightest parts have 41 of 255 levels."),
        (
            (100, 130, 20),
            "flat",
            "Its darkest and brightest parts differ by 30 of 255 levels, in half of the photos by",
        ),
        ((10, 220, 7.04), "blurred", "Its sharpness is 7.0; half of the photos have more"),
    ],
)
def test_a_poor_photo_gets_one_kind_and_its_numbers(make_photos, measures, kind, evidence):
    (finding,) = find_poor_photos(make_photos(measures))
    assert (finding.kind, finding.photos, finding.label) == (kind, ("a/00000.jpg",), "a")
    assert finding.evidence.startswith(evidence)
    assert 0.5 < finding.score <= 1


def test_the_worst_is_first_and_surest(make_photos):
    found = find_poor_photos(make_photos((10, 220, 9), (10, 220, 1), (0, 50, 3), (0, 25, 3)))
    assert [finding.kind for finding in found] == ["dark", "dark", "blurred", "blurred"]
    assert [finding.photos[0] for finding in found] == ["b/00003.jpg", "a/00002.jpg", "b/00001.jpg", "a/00000.jpg"]
    assert found[0].score > found[1].score
    assert found[2].score > found[3].score


def test_a_set_that_is_dark_or_soft_throughout_has_none(make_photos):
    photos = make_photos()
    photos.measures[:, 1] = 50
    photos.measures[:, 2] = 10
    assert find_poor_photos(photos) == []


def test_a_photo_that_is_nearly_as_sharp_as_the_others_is_not_blurred(make_photos):
    photos = make_photos((10, 220, 0.2), (10, 220, 0.8))
    photos.measures[2:, 2] = 1.2 * np.exp(np.random.default_rng(0).normal(0, 0.02, N - 2))  # all as soft
    (finding,) = find_poor_photos(photos)
    assert finding.photos == ("a/00000.jpg",)
    assert finding.evidence == "Its sharpness is 0.2; half of the photos have more than 1.2."
    assert 0.6 < finding.score < 0.7  # a third below the limit of this set, 0.3, which is a quarter of the median


@pytest.mark.parametrize("photo", [(2, 45, 400), (100, 139, 400)])
def test_a_photo_that_is_nearly_as_dark_or_flat_as_the_others_is_not_poor(make_photos, photo):
    photos = make_photos(photo)
    photos.measures[1:, :2] = (2, 65) if photo[1] == 45 else (100, 150)
    assert find_poor_photos(photos) == []


def test_a_wide_set_gets_a_stricter_limit(make_photos):
    photos = make_photos(*[(10, 220, 8.0)] * 12)
    photos.measures[12:, 2] = 200 * np.exp(np.random.default_rng(1).normal(0, 1.4, N - 12))
    assert len(find_poor_photos(photos)) <= 0.01 * N


def test_tiny_photos_and_extreme_shapes(make_photos):
    long, tiny = find_poor_photos(make_photos(sizes=[(2000, 300), (40, 32)]))
    assert (tiny.kind, long.kind) == ("tiny", "shape")
    assert tiny.evidence.startswith("It has 40 x 32 pixels")
    assert long.evidence == "It has 2,000 x 300 pixels, 6.7 to 1, and is squeezed to a square."


def test_a_long_photo_with_a_short_side_is_of_an_extreme_shape(make_photos):
    (finding,) = find_poor_photos(make_photos(sizes=[(800, 60)]))
    assert finding.kind == "shape"  # enlarged on one side only: it shows details


def test_a_blurred_photo_that_is_tiny_is_tiny(make_photos):
    (finding,) = find_poor_photos(make_photos((10, 220, 5), sizes=[(32, 32)]))
    assert finding.kind == "tiny"


def test_a_set_of_tiny_photos_has_none(make_photos):
    assert find_poor_photos(make_photos(sizes=[(32, 32)] * 100)) == []


def test_photos_without_measures_or_facts_are_left_out(make_photos, make_set):
    photos = make_photos((0, 30, 1))
    photos.measures[0] = np.nan
    photos.facts[0] = None
    assert find_poor_photos(photos) == []
    assert find_poor_photos(make_set(np.zeros((2, 2)), ["a", "b"])) == []
    assert find_poor_photos(make_set(np.zeros((2, 2)), ["a", "b"], measures=np.full((2, 8), np.nan, np.float32))) == []


def test_sizes_are_not_judged_if_headers_are_not_read(make_photos):
    photos = make_photos((0, 25, 3), sizes=[(500, 375), (20, 20)])
    assert [finding.kind for finding in find_poor_photos(photos)] == ["dark", "tiny"]
    del photos.__dict__["facts"]
    assert [finding.kind for finding in find_poor_photos(photos, reads_headers=False)] == ["dark"]
