"""Frozen part + head + labels + preprocessing become one ONNX model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from headstart.backbone.loading import Backbone
from headstart.classifier.metadata import Metadata
from headstart.classifier.seal import PRODUCER, seal_bytes
from headstart.errors import ClassifierError

RECORD_KEY = "headstart"
WEIGHTS, BIAS = "head/weights", "head/bias"


def build_classifier(
    backbone: Backbone, weights: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], metadata: Metadata
) -> bytes:
    """Build the classifier file's bytes: uint8 pixels in, probabilities out.

    Plain ONNX Runtime runs the result: input ``pixels``, (N, S, S, 3) uint8 RGB, output ``probabilities``, (N, C)
    float32 that sum to 1. The labels are in the model's metadata, and so is everything else in ``metadata``.

    Parameters
    ----------
    weights, bias
        Of the linear head, (D, C) and (C,) float32.

    Raises
    ------
    ClassifierError
        If backbone, head and labels do not fit together, or the file could not be loaded again.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    n_features, n_classes = backbone.spec.n_features, len(metadata.labels)
    if weights.shape != (n_features, n_classes) or bias.shape != (n_classes,):
        raise ClassifierError(
            f"Cannot build a classifier: got a head of shape {weights.shape} and {bias.shape}, "
            f"need ({n_features}, {n_classes}) and ({n_classes},)."
        )
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise ClassifierError("Cannot build a classifier: got a head with numbers that are not finite.")
    record = metadata.to_json()
    try:
        Metadata.from_json(record)
    except ClassifierError as error:
        raise ClassifierError(f"Cannot build a classifier: {error}.") from None
    model = onnx.load_from_string(backbone.weights)
    graph = model.graph
    graph.node.append(helper.make_node("Gemm", ["features", WEIGHTS, BIAS], ["scores"], name="scores"))
    graph.node.append(helper.make_node("Softmax", ["scores"], ["probabilities"], name="probabilities", axis=1))
    for name, value in ((WEIGHTS, weights), (BIAS, bias)):
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
    side = metadata.image_size
    del graph.input[:], graph.output[:]
    graph.input.append(helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n_photos", side, side, 3]))
    graph.output.append(helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n_photos", n_classes]))
    graph.name = "headstart_classifier"
    model.producer_name = PRODUCER
    origin = {f"backbone.{entry.key}": entry.value for entry in model.metadata_props}
    helper.set_model_props(model, {RECORD_KEY: record, "labels": "\n".join(metadata.labels), **origin})
    return seal_bytes(model.SerializeToString(deterministic=True))
