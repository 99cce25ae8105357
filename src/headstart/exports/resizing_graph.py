"""Resizing as a part of the graph: a network that takes photos of any size, by two matrix products.

No runtime's own operator resizes by the rule of `pixels.resizing`, and their rules differ. Products, sums and
comparisons are the same in every runtime. As in that rule, a photo is resized in height, rounded to 0 to 255, resized
in width, and rounded again. About 4 of 1,000 values differ by 1, because that rule computes in integers.

Resizing must not be computed in bf16, in which weights and pixels have three digits. OpenVINO has a mark for that
(openvino_ir.py), but loses it wherever it rewrites a layer: a quotient, a difference of two tensors, a matrix product
of tensors of different rank or of a transposed one, a sum or product with integers just cast (hence `Max`), a sum after
a product with a constant. So the graph has none of these.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headstart.backbone.graph_file import FLOAT, UINT8, make_node, make_tensor, rename_layers
from headstart.backbone.scaling_graph import SHARPNESS, make_rounding_constants, make_rounding_nodes

AT_SIZE = "pixels_at_size"  # the resized photo, which goes into the network
RESIZED = "resize/rounded"  # the resized photo before its cast to bytes: a runtime that joins casts keeps it
_WHOLE_NUMBERS = {"first": 0, "step": 1, "height_axis": 1, "width_axis": 2}
# for each side: the shapes of positions in the square and in the photo, and the axis along which weights sum to 1
_LAYOUTS = {"height": ([1, 1, -1, 1], [1, 1, 1, -1], [3]), "width": ([1, 1, 1, -1], [1, 1, -1, 1], [2])}


def prepend_resizing(trunk: bytes, size_px: int) -> bytes:
    """Return the trunk of a graph that first resizes its ``pixels``, (N, H, W, 3) uint8, to squares for ``trunk``."""
    return b"".join([*_resize(size_px), rename_layers(trunk, {"pixels": AT_SIZE})])


def _numbers(size_px: int) -> dict[str, float]:
    a = SHARPNESS
    return {
        "1": 1, "2": 2, "-1": -1, "-2": -2, "1/size": 1 / size_px,
        "near_zero": -(a + 3) / (a + 2), "near_top": 1 / (a + 2), "far_share": a / (a + 2),
    }  # fmt: skip


def _resize(size_px: int) -> Iterator[bytes]:
    for name, number in _numbers(size_px).items():
        yield make_tensor(f"resize/{name}", np.array(number, np.float32))
    yield from make_rounding_constants("resize")
    for name, whole in _WHOLE_NUMBERS.items():
        yield make_tensor(f"resize/{name}", np.array(whole, np.int64))
    yield make_node("Shape", ["pixels"], "resize/shape")
    yield from _weigh("height", size_px)
    yield from _weigh("width", size_px)
    yield make_node("Transpose", ["pixels"], "resize/bytes", perm=[0, 3, 1, 2])  # (N, 3, H, W), as bytes: less to move
    yield make_node("Cast", ["resize/bytes"], "resize/planes", to=FLOAT)
    yield make_node("MatMul", ["resize/height/weights", "resize/planes"], "resize/scaled_in_height")  # (N, 3, S, W)
    yield from make_rounding_nodes("resize/scaled_in_height", "resize/flat", "resize")
    yield make_node("MatMul", ["resize/flat", "resize/width/weights"], "resize/scaled")  # (N, 3, S, S)
    yield from make_rounding_nodes("resize/scaled", RESIZED, "resize")
    yield make_node("Transpose", [RESIZED], "resize/photo", perm=[0, 2, 3, 1])
    yield make_node("Cast", ["resize/photo"], AT_SIZE, to=UINT8)


def _weigh(side: str, size_px: int) -> Iterator[bytes]:
    """Make the nodes that compute the weights of one side: (1, 1, S, H) for height, (1, 1, W, S) for width.

    The weights of each position in the square sum to 1.
    """
    shared = {"shape", "0", "0.5", *_WHOLE_NUMBERS, *_numbers(size_px)}
    in_square, in_photo, axis = _LAYOUTS[side]
    outputs = -(np.arange(size_px) + 0.5) / size_px
    yield make_tensor(f"resize/{side}/outputs", outputs.reshape(in_square))
    yield make_tensor(f"resize/{side}/in_photo", np.array(in_photo, np.int64))
    yield make_tensor(f"resize/{side}/axis", np.array(axis, np.int64))

    def node(kind: str, inputs: list[str], name: str, **attributes: float | str | list[int]) -> bytes:
        ends = [f"resize/{end}" if end in shared else f"resize/{side}/{end}" for end in inputs]
        return make_node(kind, ends, f"resize/{side}/{name}", **attributes)

    def invert(source: str, name: str) -> Iterator[bytes]:  # 1 / x = exp(-log x) for x > 0
        yield node("Log", [source], f"{name}/log")
        yield node("Neg", [f"{name}/log"], f"{name}/log_of_inverse")
        yield node("Exp", [f"{name}/log_of_inverse"], name)

    yield node("Gather", ["shape", f"{side}_axis"], "n_whole", axis=0)
    yield node("Cast", ["n_whole"], "n_cast", to=FLOAT)
    yield node("Max", ["n_cast", "1"], "n")
    yield node("Range", ["first", "n_whole", "step"], "numbers")
    yield node("Cast", ["numbers"], "numbers_cast", to=FLOAT)
    yield node("Max", ["numbers_cast", "0"], "places")
    yield node("Add", ["places", "0.5"], "row")
    yield node("Reshape", ["row", "in_photo"], "inputs")
    yield node("Mul", ["n", "1/size"], "scale")
    yield node("Mul", ["n", "outputs"], "centres")
    yield node("Max", ["scale", "1"], "reach")
    yield node("Add", ["inputs", "centres"], "distances")
    yield from invert("reach", "step_size")
    yield node("Mul", ["distances", "step_size"], "steps")
    yield node("Abs", ["steps"], "x")
    # The kernel divided by a + 2. Its scale does not matter: the weights are normalised to sum to 1.
    # near: (x - (a + 3) / (a + 2)) x x + 1 / (a + 2)
    yield node("Add", ["x", "near_zero"], "near_1")
    yield node("Mul", ["near_1", "x"], "near_2")
    yield node("Mul", ["near_2", "x"], "near_3")
    yield node("Add", ["near_3", "near_top"], "near")
    # far: (x - 1) (x - 2) (x - 2) a / (a + 2)
    yield node("Add", ["x", "-1"], "far_1")
    yield node("Add", ["x", "-2"], "far_2")
    yield node("Mul", ["far_1", "far_2"], "far_3")
    yield node("Mul", ["far_3", "far_2"], "far_4")
    yield node("Mul", ["far_4", "far_share"], "far")
    yield node("Less", ["x", "1"], "is_near")
    yield node("Less", ["x", "2"], "is_far")
    yield node("Where", ["is_far", "far", "0"], "far_or_none")
    yield node("Where", ["is_near", "near", "far_or_none"], "raw")
    yield node("ReduceSum", ["raw", "axis"], "sums", keepdims=1)
    yield from invert("sums", "share")
    yield node("Mul", ["raw", "share"], "weights")
