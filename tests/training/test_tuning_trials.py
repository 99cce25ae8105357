"""`auto` trains above a cut, and tries finetune after hybrid only where it can gain more."""

import pytest

from headstart.training.tuning_trials import AT_LEAST, LONG_SHOT

BUDGET_S = 1000.0


def list_trained(world):
    return [settings.method for settings in world.trained]


@pytest.mark.parametrize(
    ("seconds", "n_train", "is_tried"),
    [
        ({"hybrid": 10.0, "finetune": 90.0}, 400, True),  # a tenth of the budget may be spent
        ({"hybrid": 10.0, "finetune": 110.0}, 400, False),
        ({"hybrid": 10.0, "finetune": 110.0}, 4000, True),  # many photos of each class
    ],
)
def test_finetune_is_tried_if_it_is_short_or_there_are_many_photos(make_world, seconds, n_train, is_tried):
    world = make_world(seconds=seconds)
    _, record = world.choose(budget_s=BUDGET_S, n_train=n_train, n_validation=60)
    assert list_trained(world) == ["hybrid", "finetune"][: 1 + is_tried]
    told = "finetune is unlikely to gain more with 200 photos of a class, and would take more than 2 min; --method"
    assert (told in record["why"]) == (not is_tried)


def test_finetune_is_not_timed_if_hybrid_takes_long_already(make_world):
    long_s = 1.01 * LONG_SHOT * BUDGET_S / AT_LEAST
    world = make_world(seconds={"hybrid": long_s})
    world.choose(budget_s=BUDGET_S, n_validation=60)
    assert list_trained(world) == ["hybrid"]
    assert "finetune" not in world.timed


def test_the_best_network_is_fitted_again_to_be_compared_on_validation_photos(make_world):
    world = make_world(networks="installed")
    _, record = world.choose(backbone="auto")
    fixed = [
        one["backbone"] for one in record["tried"] if one["judged_by"] == "validation" and one["method"] == "fixed"
    ]
    assert fixed == ["mobilenet_v2+efficientnet_lite1"]
    assert {settings.backbone for settings in world.trained} == {"mobilenet_v2"}
