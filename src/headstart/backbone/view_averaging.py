"""Average the features of a photo over its symmetric views.

For a linear head this is the same as averaging the scores of the views.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.graph_file import make_node, make_tensor, rename_layers

# Layers of a graph that averages over views. The network for one view lies between them.
PIXELS, FEATURES = "pixels_of_views", "features_of_views"
N_VIEWS = (1, 2, 4, 8)  # the numbers of views that can be averaged
# The views in the order of `pixels.views.SYMMETRIES`: whether rows and columns are exchanged, and which axes of
# (N, H, W, C) are reversed afterwards.
MOVES: tuple[tuple[bool, tuple[int, ...]], ...] = (
    (False, ()), (False, (2,)), (False, (1, 2)), (False, (1,)),
    (True, (1,)), (True, ()), (True, (2,)), (True, (1, 2)),
)  # fmt: skip
_LAST = np.iinfo(np.int64).min  # the end of a reversed axis, in ONNX's Slice


def average_views(views: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Average an array (V, ...) over its first axis, the views; the result (...) has the same dtype."""
    mean: npt.NDArray[Any] = views.mean(axis=0, dtype=views.dtype)
    return mean


def average_in_graph(trunk: bytes, n_views: int, n_features: int) -> bytes:
    """Return the trunk of a graph that makes 2, 4 or 8 views of its pixels and averages their features.

    The trunk leads from ``pixels``, uint8 (N, S, S, 3), to ``features``, (N, ``n_features``).
    """
    below, views = [make_node("Transpose", ["pixels"], "pixels_exchanged", perm=[0, 2, 1, 3])] * (n_views > 4), []
    for number, (is_exchanged, axes) in enumerate(MOVES[:n_views]):
        source = "pixels_exchanged" if is_exchanged else "pixels"
        if not axes:
            views.append(source)
            continue
        views.append(f"view_{number}")
        steps = {"starts": [-1], "ends": [_LAST], "axes": list(axes), "steps": [-1]}
        names = []
        for step, values in steps.items():
            names.append(f"view_{number}/{step}")
            numbers = values if len(values) == len(axes) else values * len(axes)
            below.append(make_tensor(names[-1], np.array(numbers, np.int64)))
        below.append(make_node("Slice", [source, *names], views[-1]))
    below.append(make_node("Concat", views, PIXELS, axis=0))
    above = [
        make_tensor("views/shape", np.array([n_views, -1, n_features], np.int64)),
        make_node("Reshape", [FEATURES, "views/shape"], "features_by_view"),
        # a sum: the axes of ONNX's ReduceMean are an attribute or an input, depending on the opset of the file
        make_tensor("views/axes", np.array([0], np.int64)),
        make_tensor("views/number", np.array(n_views, np.float32)),
        make_node("ReduceSum", ["features_by_view", "views/axes"], "features_summed", keepdims=0),
        make_node("Div", ["features_summed", "views/number"], "features"),
    ]
    return b"".join([*below, rename_layers(trunk, {"pixels": PIXELS, "features": FEATURES}), *above])
