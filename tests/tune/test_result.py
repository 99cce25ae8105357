"""What training above a cut gives is what its attributes say."""

import numpy as np
import pytest

from headstart.tune.tail_fitting import fit_tail


@pytest.fixture(scope="module")
def tuned(backbone, graph, task):
    return fit_tail(
        graph, backbone.spec, task.source, cut=task.cut, recipe=task.recipe, start=task.start, train=task.train,
        validation=task.validation, seed=task.seed,
    )  # fmt: skip


def test_weights_are_those_above_the_cut_by_their_names_in_the_graph(tuned, graph, task):
    assert set(tuned.weights) < set(graph.weights)
    blocks = {name.split("_")[1] for name in tuned.weights if name.startswith("block_")}
    assert blocks == {"16"}  # the cut is after block_15
    for name, value in tuned.weights.items():
        assert value.dtype == np.float32
        assert value.shape == graph.weights[name].shape


def test_the_curve_of_validation_begins_with_the_start(tuned):
    epochs = {
        data: [row.epoch for row in tuned.history if row.data == data] for data in ("Training", "Validation")
    }  # fmt: skip
    assert epochs == {"Training": [1, 2, 3], "Validation": [0, 1, 2, 3]}
    assert 0 <= tuned.best_epoch <= tuned.n_epochs == 3
    assert tuned.seconds_per_epoch > 0


def test_the_head_is_multiplied_only_where_photos_say_by_what(backbone, graph, task, tuned):
    alone = fit_tail(
        graph, backbone.spec, task.source, cut=task.cut, recipe=task.recipe, start=task.start, train=task.train,
        validation=None, seed=task.seed,
    )  # fmt: skip
    assert alone.factor == 1
    assert tuned.factor != 1
    assert {row.data for row in alone.history} == {"Training"}
