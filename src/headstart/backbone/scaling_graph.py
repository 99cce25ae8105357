"""Scaling of square photos to a smaller size as a part of the graph, by two matrix products.

The rule is that of `pixels.resizing`: bicubic (Catmull-Rom) with antialiasing, first in height, then in width, rounded
to 0 to 255 after each. No runtime's own operator has this rule, and their rules differ. Products are the same in all.

It must not be computed in bf16, which has three digits. OpenVINO's mark for float32 (engine/rewriting.py) gets lost in
a matrix product of a transposed tensor, so the matrix of each side is a constant of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from headstart.backbone.graph_file import FLOAT, UINT8, make_node, make_tensor

SHARPNESS = -0.5  # a of the cubic kernel (Keys 1981): Catmull-Rom
REACH = 2  # half the width of the kernel, in pixels of the smaller photo
SCALED = "scaled_to_"  # names of all layers and weights here begin with it


def make_scaling_nodes(from_px: int, to_px: int) -> tuple[str, list[bytes]]:
    """Return the name of the scaled photos, uint8 (N, ``to_px``, ``to_px``, 3), and the nodes that compute them.

    The nodes take ``pixels``, uint8 (N, ``from_px``, ``from_px``, 3). About 4 of 1,000 values differ by 1 from those of
    `resize_pixels`, which computes in integers.
    """
    name = f"{SCALED}{to_px}"
    weights = weigh_positions(from_px, to_px)
    return f"{name}/pixels", [
        make_tensor(f"{name}/height", weights[None, None]),
        make_tensor(f"{name}/width", np.ascontiguousarray(weights.T)[None, None]),
        *make_rounding_constants(name),
        make_node("Transpose", ["pixels"], f"{name}/bytes", perm=[0, 3, 1, 2]),  # as bytes: less to move
        make_node("Cast", [f"{name}/bytes"], f"{name}/planes", to=FLOAT),
        make_node("MatMul", [f"{name}/height", f"{name}/planes"], f"{name}/scaled_in_height"),
        *make_rounding_nodes(f"{name}/scaled_in_height", f"{name}/flat", name),
        make_node("MatMul", [f"{name}/flat", f"{name}/width"], f"{name}/scaled"),
        *make_rounding_nodes(f"{name}/scaled", f"{name}/rounded", name),
        make_node("Transpose", [f"{name}/rounded"], f"{name}/photo", perm=[0, 2, 3, 1]),
        make_node("Cast", [f"{name}/photo"], f"{name}/pixels", to=UINT8),
    ]


def weigh_positions(n_inputs: int, n_outputs: int) -> npt.NDArray[np.float32]:
    """Return how much each of N positions along a side adds to each of S fewer positions: (S, N), rows of sum 1.

    Examples
    --------
    >>> print(weigh_positions(4, 2).round(2))
    [[ 0.46  0.46  0.12 -0.04]
     [-0.04  0.12  0.46  0.46]]
    """
    scale = n_inputs / n_outputs
    centres = (np.arange(n_outputs) + 0.5) * scale
    x = np.abs(np.arange(n_inputs) + 0.5 - centres[:, None]) / max(scale, 1.0)
    a = SHARPNESS
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    weights = np.where(x < 1, near, np.where(x < REACH, far, 0.0))
    result: npt.NDArray[np.float32] = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return result


def make_rounding_constants(prefix: str) -> list[bytes]:
    """Return the constants of `make_rounding_nodes`, once for all nodes with this prefix."""
    return [make_tensor(f"{prefix}/{name}", np.array(float(name), np.float32)) for name in ("0.5", "0", "255")]


def make_rounding_nodes(source: str, target: str, prefix: str) -> list[bytes]:
    """Return the nodes that round a layer to the nearest integers of 0 to 255."""
    return [
        make_node("Add", [source, f"{prefix}/0.5"], f"{target}/above"),
        make_node("Floor", [f"{target}/above"], f"{target}/whole"),
        make_node("Clip", [f"{target}/whole", f"{prefix}/0", f"{prefix}/255"], target),
    ]
