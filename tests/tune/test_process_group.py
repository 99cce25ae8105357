"""Processes that train together give what one process gives, up to rounding. Needs no Ray."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.tune.augmentation import apply_augmentation, augment_pixels, draw_augmentation
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.process_group import LostProcessError, ProcessGroup, TorchProcessGroup
from headstart.tune.training_plan import TrainingData


class Exchange:
    """Exchanges values between the threads of one process, each of which stands for a process of the group."""

    def __init__(self, size):
        self.barrier, self.held = threading.Barrier(size, timeout=60), [None] * size

    def exchange(self, rank, value):
        self.held[rank] = value
        self.barrier.wait()
        held = list(self.held)
        self.barrier.wait()
        return held


class ThreadGroup(TorchProcessGroup):
    def __init__(self, rank, size, exchange, is_stop_requested=lambda: False):
        super().__init__(rank, size, is_stop_requested)
        self.exchange = exchange

    def _all_reduce(self, numbers):
        numbers.copy_(sum(self.exchange.exchange(self.rank, numbers.clone())))

    def _broadcast_first(self, found):
        found[0] = self.exchange.exchange(self.rank, found[0])[0]


@pytest.fixture
def fit_together(fit):
    """Train in groups; ``options`` and ``is_stop_requested`` are functions of the rank."""

    def fit_together(size, options=lambda rank: {}, is_stop_requested=lambda rank: lambda: False, **changes):
        exchange, results = Exchange(size), [None] * size

        def work(rank):
            try:
                group = ThreadGroup(rank, size, exchange, is_stop_requested(rank))
                results[rank] = fit(group=group, **changes, **options(rank))
            except Exception as error:
                exchange.barrier.abort()
                results[rank] = error

        threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            if isinstance(result, Exception):
                raise result
        return results

    return fit_together


def check_same(one, other):
    assert one.history == other.history
    assert (one.head.weights == other.head.weights).all()
    assert all((one.weights[name] == value).all() for name, value in other.weights.items())


@pytest.mark.slow
def test_a_group_of_one_gives_the_same_bits(fit, fit_together):
    check_same(fit_together(1)[0], fit())


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 3, 5])  # batches have 4 photos: a group may have more processes than photos
def test_a_step_of_the_group_is_that_of_the_whole_batch(fit, fit_together, size):
    alone = fit()
    one, *others = fit_together(size)
    for other in others:
        check_same(one, other)
    for name, value in alone.weights.items():
        np.testing.assert_allclose(one.weights[name], value, atol=2e-4)
    np.testing.assert_allclose(one.head.weights, alone.head.weights, atol=2e-4)
    accuracies = [[row.accuracy for row in result.history] for result in (one, alone)]
    assert accuracies[0] == accuracies[1]
    assert one.device.startswith(f"{size} workers, each ")


def test_the_last_batch_may_have_fewer_photos_than_processes(fit, fit_together, plan):
    train = plan.train
    few = replace(train, photos=train.photos[:5], y=train.y[:5], weight=np.array([1, 2, 3, 1, 1.0]))
    alone = fit(train=few)
    for result in fit_together(3, train=few):
        np.testing.assert_allclose(result.head.weights, alone.head.weights, atol=2e-4)
        losses = [[row.loss for row in some.history] for some in (result, alone)]
        np.testing.assert_allclose(*losses, atol=1e-3)


@pytest.mark.slow
def test_trained_norms_have_the_same_moments_in_all_processes(fit, fit_together, graph):
    alone = fit(is_norm_trained=True, batch_size=5)
    one, other = fit_together(2, is_norm_trained=True, batch_size=5)
    check_same(one, other)
    name = "block_16_project_BN/mean"
    assert (one.weights[name] != graph.weights[name]).any()
    np.testing.assert_allclose(one.weights[name], alone.weights[name], atol=0.05)


def test_a_group_augments_photos_as_one_process_does():
    pixels = torch.randint(0, 256, (6, 16, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    whole = augment_pixels(pixels, np.random.default_rng(0), n_symmetric=8)
    augmentation = draw_augmentation(6, np.random.default_rng(0), n_symmetric=8)
    parts = [ThreadGroup(rank, 4, None).choose_rows(6) for rank in range(4)]
    assert [len(range(*part.indices(6))) for part in parts] == [1, 2, 1, 2]
    together = torch.cat([apply_augmentation(pixels[part], augmentation.take(part)) for part in parts])
    assert torch.equal(together, whole)


def test_a_stop_request_to_one_process_stops_all_after_the_same_step(fit_together):
    n_asked = [0, 0]

    def make_request(rank):
        def is_stop_requested():
            n_asked[rank] += 1
            return rank == 1 and n_asked[1] > 5  # in the second epoch

        return is_stop_requested

    results = fit_together(2, is_stop_requested=make_request)
    assert [(result.is_stopped, result.n_epochs) for result in results] == [(True, 1)] * 2
    assert n_asked == [6, 6]


@pytest.mark.slow
def test_only_rank_0_prints_and_saves_and_all_resume_from_its_checkpoint(fit_together):
    said = [[], []]
    whole = fit_together(2, options=lambda rank: {"say": said[rank].append})[0]
    assert len(said[0]) == 4
    assert said[1] == []

    class KilledError(Exception):
        pass

    def kill(n_done, n_total):
        if n_done > 2 * 16:  # in the third epoch
            raise KilledError("killed")

    def options(rank):
        return {"checkpoint": Checkpoint("group" if rank == 0 else "not-there"), "progress": kill}

    with pytest.raises(KilledError, match="killed"):
        fit_together(2, options=options)
    steps = []
    for result in fit_together(
        2, options=lambda rank: options(rank) | {"progress": lambda n_done, _: steps.append(n_done)}
    ):
        check_same(result, whole)
    assert steps[0] == 2 * 16 + 4


def test_a_single_process_takes_all_rows_and_adds_nothing():
    group = ProcessGroup()
    assert list(range(7))[group.choose_rows(7)] == list(range(7))
    assert group.reduce_step(torch.nn.Linear(1, 1), [], 1.0, [0.1, 0.2]) == [0.1, 0.2]
    assert group.broadcast(lambda: "found") == "found"


def test_a_lost_process_has_an_error_of_its_own(monkeypatch):
    def fail(_):
        raise RuntimeError("Connection closed by peer")

    monkeypatch.setattr(torch.distributed, "all_reduce", fail)
    with pytest.raises(LostProcessError, match="closed by peer"):
        TorchProcessGroup(0, 2).gather_rows(np.zeros((1, 2), np.float32))


@pytest.mark.slow
def test_validation_photos_are_shared_in_batches(fit, fit_together, plan, monkeypatch):
    monkeypatch.setattr("headstart.tune.trainer.EVALUATION_BATCH", 3)
    data = plan.validation
    validation = TrainingData(data.photos[:7], data.y[:7], data.weight[:7])
    alone = fit(validation=validation)
    one, other = fit_together(2, validation=validation)
    assert one.history[0] == other.history[0] == alone.history[0]  # the start is the same, to the bit
