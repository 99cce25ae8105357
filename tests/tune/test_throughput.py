"""The rate of training is measured."""

from headstart.tune.hyperparameters import HYPERPARAMETERS
from headstart.tune.throughput import measure_training_rate


def test_less_to_train_is_faster(backbone):
    above = measure_training_rate(backbone, "block_15", 96, HYPERPARAMETERS["hybrid"])
    whole = measure_training_rate(backbone, "pixels", 96, HYPERPARAMETERS["finetune"])
    assert above > whole > 0


def test_it_is_measured_once(backbone):
    assert measure_training_rate(backbone, "block_15", 96, HYPERPARAMETERS["hybrid"]) == measure_training_rate(
        backbone, "block_15", 96, HYPERPARAMETERS["hybrid"]
    )
