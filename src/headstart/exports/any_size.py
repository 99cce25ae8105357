"""A network that takes photos of any size: its resizing is part of the graph, as two products of matrices.

No runtime's own operator resizes by the rule of `pixels.resizing`, and no two of them by the same. Products, sums and
comparisons are the same everywhere. A photo is scaled in height, rounded to 0 to 255, scaled in width, and rounded
again, as that rule does: some 4 of 1,000 values differ by 1, for it computes in whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headstart.backbone.graph_file import FLOAT, UINT8, make_node, make_tensor, rename_layers

AT_SIZE = "pixels_at_size"  # in a graph of any size: what the plain network takes
_SHARPNESS = -0.5  # Catmull-Rom, of the cubic kernels (Keys 1981)
_WHOLE_NUMBERS = {"first": 0, "step": 1, "height_axis": 1, "width_axis": 2, "second_axis": [1]}


def take_any_size(trunk: bytes, size_px: int) -> bytes:
    """Return the trunk of a graph that first scales its pixels to a square.

    Parameters
    ----------
    trunk
        Of a graph from ``pixels``, uint8 (N, S, S, 3).
    size_px
        S.

    Returns
    -------
    The trunk of a graph from ``pixels``, uint8 (N, H, W, 3).
    """
    return b"".join([*_resize(size_px), rename_layers(trunk, {"pixels": AT_SIZE})])


def _numbers(size_px: int) -> dict[str, float]:
    a = _SHARPNESS
    return {
        "0.5": 0.5, "0": 0, "1": 1, "2": 2, "5": 5, "8": 8, "255": 255, "size": size_px, "a": a, "a+2": a + 2,
        "a+3": a + 3, "4a": 4 * a,
    }  # fmt: skip


def _resize(size_px: int) -> Iterator[bytes]:
    for name, number in _numbers(size_px).items():
        yield make_tensor(f"resize/{name}", np.array(number, np.float32))
    for name, whole in _WHOLE_NUMBERS.items():
        yield make_tensor(f"resize/{name}", np.array(whole, np.int64))
    outputs = np.arange(size_px, dtype=np.float32)[:, None] + np.float32(0.5)
    yield make_tensor("resize/outputs", outputs)  # (S, 1)
    yield make_node("Shape", ["pixels"], "resize/shape")
    yield from _weigh("height", size_px)
    yield from _weigh("width", size_px)
    yield make_node("Transpose", ["pixels"], "resize/bytes", perm=[0, 3, 1, 2])  # (N, 3, H, W), while it is small
    yield make_node("Cast", ["resize/bytes"], "resize/planes", to=FLOAT)
    yield make_node("MatMul", ["resize/height/weights", "resize/planes"], "resize/scaled_in_height")  # (N, 3, S, W)
    yield from _round("resize/scaled_in_height", "resize/flat")
    yield make_node("Transpose", ["resize/width/weights"], "resize/width/weights_turned", perm=[1, 0])
    yield make_node("MatMul", ["resize/flat", "resize/width/weights_turned"], "resize/scaled")  # (N, 3, S, S)
    yield from _round("resize/scaled", "resize/rounded")
    yield make_node("Transpose", ["resize/rounded"], "resize/photo", perm=[0, 2, 3, 1])
    yield make_node("Cast", ["resize/photo"], AT_SIZE, to=UINT8)


def _weigh(side: str, size_px: int) -> Iterator[bytes]:
    """Make the nodes that compute the weights of one side: (S, number of pixels on it), each row summing to 1."""
    shared = {"outputs", "shape", *_WHOLE_NUMBERS, *_numbers(size_px)}

    def node(kind: str, inputs: list[str], name: str, **attributes: float | str | list[int]) -> bytes:
        ends = [f"resize/{end}" if end in shared else f"resize/{side}/{end}" for end in inputs]
        return make_node(kind, ends, f"resize/{side}/{name}", **attributes)

    yield node("Gather", ["shape", f"{side}_axis"], "n_whole", axis=0)
    yield node("Cast", ["n_whole"], "n", to=FLOAT)
    yield node("Range", ["first", "n_whole", "step"], "numbers")
    yield node("Cast", ["numbers"], "places", to=FLOAT)
    yield node("Add", ["places", "0.5"], "inputs")
    yield node("Div", ["n", "size"], "scale")
    yield node("Mul", ["outputs", "scale"], "centres")
    yield node("Max", ["scale", "1"], "reach")
    yield node("Sub", ["inputs", "centres"], "distances")
    yield node("Div", ["distances", "reach"], "steps")
    yield node("Abs", ["steps"], "x")
    # near: ((a + 2) x - (a + 3)) x x + 1
    yield node("Mul", ["x", "a+2"], "near_1")
    yield node("Sub", ["near_1", "a+3"], "near_2")
    yield node("Mul", ["near_2", "x"], "near_3")
    yield node("Mul", ["near_3", "x"], "near_4")
    yield node("Add", ["near_4", "1"], "near")
    # far: ((x - 5) x + 8) x a - 4 a
    yield node("Sub", ["x", "5"], "far_1")
    yield node("Mul", ["far_1", "x"], "far_2")
    yield node("Add", ["far_2", "8"], "far_3")
    yield node("Mul", ["far_3", "x"], "far_4")
    yield node("Mul", ["far_4", "a"], "far_5")
    yield node("Sub", ["far_5", "4a"], "far")
    yield node("Less", ["x", "1"], "is_near")
    yield node("Less", ["x", "2"], "is_far")
    yield node("Where", ["is_far", "far", "0"], "far_or_none")
    yield node("Where", ["is_near", "near", "far_or_none"], "raw")
    yield node("ReduceSum", ["raw", "second_axis"], "sums", keepdims=1)
    yield node("Div", ["raw", "sums"], "weights")


def _round(source: str, target: str) -> Iterator[bytes]:
    """Make the nodes that round to the nearest of 0 to 255."""
    yield make_node("Add", [source, "resize/0.5"], f"{target}/above")
    yield make_node("Floor", [f"{target}/above"], f"{target}/whole")
    yield make_node("Clip", [f"{target}/whole", "resize/0", "resize/255"], target)
