"""The result of training above a cut is what its attributes say."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def result(fit):
    return fit()


def test_weights_have_the_names_and_shapes_of_the_graph_above_the_cut(result, graph):
    assert set(result.weights) < set(graph.weights)
    blocks = {name.split("_")[1] for name in result.weights if name.startswith("block_")}
    assert blocks == {"16"}  # the cut is after block_15
    for name, value in result.weights.items():
        assert value.dtype == np.float32
        assert value.shape == graph.weights[name].shape


def test_the_validation_curve_begins_with_the_start(result):
    epochs = {data: [row.epoch for row in result.history if row.data == data] for data in ("Training", "Validation")}
    assert epochs == {"Training": [1, 2, 3], "Validation": [0, 1, 2, 3]}
    assert 0 <= result.best_epoch <= result.n_epochs == 3
    assert result.seconds_per_epoch > 0


def test_the_head_is_calibrated_only_with_validation_photos(fit, result):
    alone = fit(validation=None)
    assert alone.factor == 1
    assert result.factor != 1
    assert {row.data for row in alone.history} == {"Training"}
