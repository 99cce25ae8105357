"""Build the classifier file: preprocessing, backbone, head and labels in one ONNX model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import Backbone
from headstart.backbone.graph_file import MODEL, make_name, make_node, make_signature, make_tensor, take_apart
from headstart.backbone.view_averaging import average_in_graph
from headstart.classifier.metadata import Metadata
from headstart.classifier.novelty_graph import make_novelty_nodes, make_novelty_output
from headstart.classifier.rules import describe_rules
from headstart.classifier.seal import PRODUCER, seal_bytes
from headstart.engine.protobuf import encode_field
from headstart.errors import ClassifierError
from headstart.head.novelty import NoveltyTest

RECORD_KEY = "headstart"
WEIGHTS, BIAS = "head/weights", "head/bias"
PIXELS = (  # for users who run the file without headstart
    "uint8 RGB, 0 to 255, of the upright photo (EXIF orientation applied), both sides scaled to {0} pixels whatever "
    "their proportions: bicubic (Catmull-Rom) with antialiasing. The graph does the rest of the arithmetic."
)


def build_classifier(
    backbone: Backbone, weights: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], metadata: Metadata,
    novelty: NoveltyTest | None = None,
) -> bytes:  # fmt: skip
    """Build the classifier file's bytes: uint8 pixels in, probabilities out (15 ms).

    ONNX Runtime alone can run the result. Its input is ``pixels``, (N, S, S, 3) uint8 RGB. Its output is
    ``probabilities``, (N, C) float32 with sum 1, and with a novelty test also ``novelty``, (N, 1) float32, the share of
    the classifier's own photos that are at least as strange. The model's own metadata hold the labels and ``metadata``.

    Parameters
    ----------
    weights, bias
        Weights (D, C) and bias (C,) of the linear head, float32.
    novelty
        Test of the last of the D features. ``metadata`` has the number of photos that it was measured on.

    Raises
    ------
    ClassifierError
        If backbone, head and labels do not fit together, or the metadata could not be read again.
    """
    n_features, n_classes = backbone.spec.n_features, len(metadata.labels)
    if weights.shape != (n_features, n_classes) or bias.shape != (n_classes,):
        raise ClassifierError(
            f"Cannot build a classifier: got a head of shape {weights.shape} and {bias.shape}, "
            f"need ({n_features}, {n_classes}) and ({n_classes},)."
        )
    if backbone.spec.fingerprint() != metadata.spec.fingerprint():
        raise ClassifierError("Cannot build a classifier: got another backbone than that of its metadata.")
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise ClassifierError("Cannot build a classifier: got a head with NaN or infinity, need finite numbers.")
    n_units = None if novelty is None else novelty.n_units
    if n_units != metadata.n_novelty_photos:
        raise ClassifierError(
            f"Cannot build a classifier: got a novelty test of {n_units} photos, need {metadata.n_novelty_photos}."
        )
    record = metadata.to_json()
    try:
        Metadata.from_json(record)
    except ClassifierError as error:
        raise ClassifierError(f"Cannot build a classifier: {error}.") from None
    file = take_apart(backbone.weights)
    side, n_views = metadata.image_size, metadata.n_averaged
    trunk = file.trunk if n_views == 1 else average_in_graph(file.trunk, n_views, n_features)
    gemm = make_node("Gemm", ["features", WEIGHTS, BIAS], "scores")
    softmax = make_node("Softmax", ["scores"], "probabilities", axis=1)
    tensors = make_tensor(WEIGHTS, weights) + make_tensor(BIAS, bias)
    if novelty is not None:
        trunk += make_novelty_nodes(novelty, n_features)
    graph = b"".join([trunk, gemm, softmax, make_name("headstart_classifier"), tensors, make_ends(metadata, side)])
    facts = {RECORD_KEY: record, "labels": "\n".join(metadata.labels), "pixels": PIXELS.format(side)}
    facts |= describe_rules(metadata)  # for users who run the file without headstart
    facts |= {f"backbone.{key}": value for key, value in file.entries.items()}
    head = encode_field(MODEL["producer_name"], PRODUCER)
    return seal_bytes(file.join(graph, facts, head=head))


def make_ends(metadata: Metadata, side_px: int | None = None) -> bytes:
    """Return the encoded input and outputs of a classifier's graph; without ``side_px`` its pixels have any size."""
    ends = make_signature("probabilities", len(metadata.labels), side_px)
    return ends if metadata.n_novelty_photos is None else ends + make_novelty_output()
