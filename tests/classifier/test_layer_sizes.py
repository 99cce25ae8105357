"""Layers that are too large for one photo are found before a classifier's network is compiled."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from headstart.classifier.file import parse_classifier
from headstart.classifier.seal import SEAL_LENGTH, seal_bytes
from headstart.errors import ClassifierError


@pytest.mark.parametrize("kind", ["pads", "concat", "expand"])
def test_layers_too_large_for_a_photo_are_refused(classifier_bytes, kind):
    model = onnx.load_from_string(classifier_bytes[:-SEAL_LENGTH])
    nodes, source = [], "features"
    if kind == "pads":
        convolution = next(node for node in model.graph.node if node.op_type == "Conv")
        del convolution.attribute[:]
        convolution.attribute.append(helper.make_attribute("pads", [100_000] * 4))
    elif kind == "concat":
        for i in range(40):
            nodes.append(helper.make_node("Concat", [source, source], [f"double_{i}"], axis=1))
            source = f"double_{i}"
    else:
        model.graph.initializer.append(numpy_helper.from_array(np.array([1, 10**9, 1]), "many"))
        nodes = [helper.make_node("Expand", ["features", "many"], ["large"])]
    model.graph.node.extend(nodes)
    if nodes:  # only layers that an output needs are read
        model.graph.output.append(onnx.ValueInfoProto(name=nodes[-1].output[0]))
    with pytest.raises(ClassifierError, match=r"numbers for one photo, more than any network|cannot be read"):
        parse_classifier(seal_bytes(model.SerializeToString()))
