"""The rate of training is measured."""

from headstart.tune.hyperparameters import RECIPES
from headstart.tune.throughput import measure_rate


def test_less_to_train_is_faster(backbone):
    above = measure_rate(backbone, "block_15", 96, RECIPES["hybrid"])
    whole = measure_rate(backbone, "pixels", 96, RECIPES["finetune"])
    assert above > whole > 0


def test_it_is_measured_once(backbone):
    assert measure_rate(backbone, "block_15", 96, RECIPES["hybrid"]) == measure_rate(
        backbone, "block_15", 96, RECIPES["hybrid"]
    )
