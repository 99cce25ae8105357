"""Workers that train together do what one does alone, up to rounding; without anything of Ray."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.tune.augmentation import augment_pixels, change_pixels, draw_changes
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.process_group import LostTeamError, Team, TorchTeam
from headstart.tune.tail_fitting import fit_tail
from headstart.tune.training_data import Lesson


class Table:
    """Where workers in threads of one process meet."""

    def __init__(self, size):
        self.barrier, self.held = threading.Barrier(size, timeout=60), [None] * size

    def meet(self, rank, value):
        self.held[rank] = value
        self.barrier.wait()
        held = list(self.held)
        self.barrier.wait()
        return held


class Threads(TorchTeam):
    def __init__(self, rank, size, table, wish=lambda: False):
        super().__init__(rank, size, wish)
        self.table = table

    def _add_up(self, numbers):
        numbers.copy_(sum(self.table.meet(self.rank, numbers.clone())))

    def _send_first(self, found):
        found[0] = self.table.meet(self.rank, found[0])[0]


def fit(backbone, graph, task, **changes):
    settings = {
        name: getattr(task, name) for name in ("cut", "recipe", "start", "train", "validation", "seed")
    } | changes  # fmt: skip
    return fit_tail(graph, backbone.spec, task.source, **settings)


def fit_together(size, backbone, graph, task, options=lambda rank: {}, wish=lambda rank: lambda: False, **changes):
    table, results = Table(size), [None] * size

    def work(rank):
        try:
            team = Threads(rank, size, table, wish(rank))
            results[rank] = fit(backbone, graph, task, team=team, **changes, **options(rank))
        except Exception as error:
            table.barrier.abort()
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


def check_same(one, other):
    assert one.history == other.history
    assert (one.head.weights == other.head.weights).all()
    assert all((one.weights[name] == value).all() for name, value in other.weights.items())


def test_a_team_of_one_gives_the_same_bits(backbone, graph, task):
    check_same(fit_together(1, backbone, graph, task)[0], fit(backbone, graph, task))


@pytest.mark.parametrize("size", [2, 3, 5])  # of batches of 4 photos: more workers than photos are allowed
def test_together_a_step_is_that_of_the_whole_batch(backbone, graph, task, size):
    alone = fit(backbone, graph, task)
    one, *others = fit_together(size, backbone, graph, task)
    for other in others:
        check_same(one, other)
    for name, value in alone.weights.items():
        np.testing.assert_allclose(one.weights[name], value, atol=2e-4)
    np.testing.assert_allclose(one.head.weights, alone.head.weights, atol=2e-4)
    accuracies = [[row.accuracy for row in tuned.history] for tuned in (one, alone)]
    assert accuracies[0] == accuracies[1]
    assert one.device.startswith(f"{size} workers, each ")


def test_the_last_batch_may_have_fewer_photos_than_there_are_workers(backbone, graph, task):
    few = replace(task.train, photos=task.train.photos[:5], y=task.train.y[:5], weight=np.array([1, 2, 3, 1, 1.0]))
    alone = fit(backbone, graph, task, train=few)
    for tuned in fit_together(3, backbone, graph, task, train=few):
        np.testing.assert_allclose(tuned.head.weights, alone.head.weights, atol=2e-4)
        losses = [[row.loss for row in some.history] for some in (tuned, alone)]
        np.testing.assert_allclose(*losses, atol=1e-3)


def test_all_have_the_same_moments_of_norms_that_are_trained(backbone, graph, task):
    recipe = replace(task.recipe, is_norm_trained=True, batch_size=5)
    alone = fit(backbone, graph, task, recipe=recipe)
    one, other = fit_together(2, backbone, graph, task, recipe=recipe)
    check_same(one, other)
    name = "block_16_project_BN/mean"
    assert (one.weights[name] != graph.weights[name]).any()
    np.testing.assert_allclose(one.weights[name], alone.weights[name], atol=0.05)


def test_photos_are_changed_as_they_are_alone():
    pixels = torch.randint(0, 256, (6, 16, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    whole = augment_pixels(pixels, np.random.default_rng(0), n_symmetric=8)
    changes = draw_changes(6, np.random.default_rng(0), n_symmetric=8)
    parts = [Threads(rank, 4, None).share(6) for rank in range(4)]
    assert [len(range(*part.indices(6))) for part in parts] == [1, 2, 1, 2]
    together = torch.cat([change_pixels(pixels[part], changes.take(part)) for part in parts])
    assert torch.equal(together, whole)


def test_a_wish_of_one_stops_all_after_the_same_step(backbone, graph, task):
    n_asked = [0, 0]

    def make_wish(rank):
        def wish():
            n_asked[rank] += 1
            return rank == 1 and n_asked[1] > 5  # in the second epoch

        return wish

    tuned = fit_together(2, backbone, graph, task, wish=make_wish)
    assert [(some.is_stopped, some.n_epochs) for some in tuned] == [(True, 1)] * 2
    assert n_asked == [6, 6]


def test_only_the_first_speaks_and_keeps_and_all_go_on_from_there(backbone, graph, task):
    said = [[], []]
    whole = fit_together(2, backbone, graph, task, options=lambda rank: {"say": said[rank].append})[0]
    assert len(said[0]) == 4
    assert said[1] == []

    class KilledError(Exception):
        pass

    def kill(n_done, n_total):
        if n_done > 2 * 16:  # in the third epoch
            raise KilledError("on purpose")

    def options(rank):
        return {"checkpoint": Checkpoint("team" if rank == 0 else "not-there"), "progress": kill}

    with pytest.raises(KilledError, match="on purpose"):
        fit_together(2, backbone, graph, task, options=options)
    steps = []
    for tuned in fit_together(
        2, backbone, graph, task,
        options=lambda rank: {"checkpoint": options(rank)["checkpoint"], "progress": lambda n, _: steps.append(n)},
    ):  # fmt: skip
        check_same(tuned, whole)
    assert steps[0] == 2 * 16 + 4


def test_whoever_trains_alone_takes_all_and_adds_nothing():
    team = Team()
    assert list(range(7))[team.share(7)] == list(range(7))
    assert team.pool(torch.nn.Linear(1, 1), [], 1.0, [0.1, 0.2]) == [0.1, 0.2]
    assert team.hand_out(lambda: "found") == "found"


def test_a_lost_worker_is_no_error_of_this_one(monkeypatch):
    def fail(_):
        raise RuntimeError("Connection closed by peer")

    monkeypatch.setattr(torch.distributed, "all_reduce", fail)
    with pytest.raises(LostTeamError, match="closed by peer"):
        TorchTeam(0, 2).join(np.zeros((1, 2), np.float32))


def test_lessons_of_validation_are_shared_in_batches(backbone, graph, task, monkeypatch):
    monkeypatch.setattr("headstart.tune.trainer.BATCH_TO_JUDGE", 3)
    validation = Lesson(task.validation.photos[:7], task.validation.y[:7], task.validation.weight[:7])
    alone = fit(backbone, graph, task, validation=validation)
    one, other = fit_together(2, backbone, graph, task, validation=validation)
    assert one.history[0] == other.history[0] == alone.history[0]  # the start is the same, to the bit
