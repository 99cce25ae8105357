"""Graphs are read by name, and weights are replaced by name."""

import numpy as np
import pytest

from headstart.errors import BackboneError
from headstart.tune.graph import read_graph, replace_weights


def test_nodes_and_weights_are_read_by_name(graph):
    assert graph.nodes[-1].output == "features"
    assert graph.weights["Conv1/kernel"].shape == (32, 3, 3, 3)
    assert graph.nodes[4].attributes["strides"] == [2, 2]


def test_only_the_nodes_between_two_layers_are_taken(graph):
    taken = graph.take_between("block_15_add", "out_relu")
    assert taken[0].output == "block_16_expand"
    assert taken[-1].output == "out_relu"


def test_replaced_weights_are_read_again(backbone):
    bias = np.arange(32, dtype=np.float32)
    changed = read_graph(replace_weights(backbone.weights, {"bn_Conv1/offset": bias}))
    np.testing.assert_array_equal(changed.weights["bn_Conv1/offset"], bias)


def test_unknown_names_and_wrong_shapes_are_refused(backbone):
    with pytest.raises(BackboneError, match="none named nothing"):
        replace_weights(backbone.weights, {"nothing": np.zeros(3, np.float32)})
    with pytest.raises(BackboneError, match=r"got shape \(3,\), need \(32,\)"):
        replace_weights(backbone.weights, {"bn_Conv1/offset": np.zeros(3, np.float32)})
