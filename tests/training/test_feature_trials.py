"""`auto` tries wide features in several views where no later step is likely to replace them."""

import pytest

SLOW = {"wide": 30.0}  # seconds that are worth saving


def list_fixed(record):
    return [
        (one["features"], one["averaged_views"], one["judged_by"])
        for one in record["tried"]
        if one["method"] == "fixed"
    ]


@pytest.mark.parametrize(("averaging_error", "n_views"), [(0.0, 4), (0.3, None)])
def test_hybrid_comes_before_slow_features_and_a_part_of_the_photos_shows_whether_views_are_symmetric(
    make_world, averaging_error, n_views
):
    world = make_world(seconds=SLOW, averaging_error=averaging_error, n_judged=400)
    _, record = world.choose(n_train=1000)
    assert list_fixed(record) == [
        ("last", 1, "cross-validation"), ("last", 4, "cross-validation"), ("last", 1, "validation"),
    ]  # fmt: skip
    assert world.trained[0].n_views == n_views
    ((_, catalog),) = [one for one in world.extracted if one[0] == "wide"]
    assert len(catalog.photos) == 400


def test_the_part_of_the_photos_has_every_class(make_world):
    world = make_world(seconds=SLOW)
    world.choose(n_train=1000)
    ((_, catalog),) = [one for one in world.extracted if one[0] == "wide"]
    assert catalog.labels == ("a", "b")


def test_slow_features_are_tried_if_hybrid_is_not_kept(make_world):
    world = make_world(seconds=SLOW, losses={"fixed": 0.5, "hybrid": 0.9}, wide_errors={2: 0.05, 4: 0.3})
    trained, record = world.choose(n_train=1000)
    assert "hybrid was worse by more than noise" in record["why"]
    assert (trained.settings.features, trained.table.n_averaged) == ("wide", 2)
    assert [trial["method"] for trial in record["tried"]][-4:] == ["hybrid", "fixed", "fixed", "fixed"]
    assert record["tried"][-2]["is_kept"]


@pytest.mark.parametrize("world", [{"similarity": 0.9}, {"has_torch": False}, {"seconds": SLOW | {"hybrid": 2000.0}}])
def test_slow_features_come_first_if_hybrid_is_not_likely_to_follow(make_world, world):
    _, record = make_world(**{"seconds": SLOW} | world).choose(n_train=1000)
    assert [one[:2] for one in list_fixed(record)][:4] == [("last", 1), ("wide", 1), ("wide", 2), ("wide", 4)]


def test_features_of_very_many_photos_are_not_tried(make_world):
    _, record = make_world(similarity=0.9).choose(n_train=6000)
    assert [one[0] for one in list_fixed(record)][:2] == ["last", "last"]
