"""The training rate is measured once for each cut."""

from headstart.tune import throughput
from headstart.tune.hyperparameters import HYPERPARAMETERS
from headstart.tune.throughput import BATCH_SIZE, measure_training_rate


def test_the_rate_is_measured_once_for_each_cut(backbone, monkeypatch):
    measured = []

    def time_step(take_step):
        take_step()
        measured.append(take_step)
        return 0.5

    monkeypatch.setattr(throughput, "time_fastest", time_step)
    monkeypatch.setattr(throughput, "_known", {})
    for cut, n_measured in (("block_15", 1), ("block_15", 1), ("pixels", 2)):
        assert measure_training_rate(backbone, cut, 96, HYPERPARAMETERS["hybrid"]) == BATCH_SIZE / 0.5
        assert len(measured) == n_measured
