"""ONNX operations without weights, in torch: those that image networks use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  torch's own habit

from headstart.errors import BackboneError
from headstart.tune.graph import Node

Constants = Mapping[int, npt.NDArray[Any]]
"""The constant inputs of a node, by their index."""
Operation = Callable[..., Tensor]

# operations without settings; their constant inputs are tensors, too
WITHOUT_SETTINGS: dict[str, Operation] = {
    "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div,
    "Relu": torch.relu, "Sigmoid": torch.sigmoid, "HardSwish": F.hardswish, "Tanh": torch.tanh,
    "Erf": torch.erf, "Softplus": F.softplus, "Mish": F.mish, "Exp": torch.exp, "Neg": torch.neg,
    "Identity": lambda x: x, "Dropout": lambda x, *_: x,
    "Sum": lambda *x: reduce(torch.add, x),
    "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True),
    "GlobalMaxPool": lambda x: x.amax((2, 3), keepdim=True),
}  # fmt: skip
ARITHMETIC = frozenset({"Add", "Sub", "Mul", "Div", "Sum"})  # constants are operands of these


def make_operation(node: Node, constants: Constants) -> Operation:
    """Return the function of a node. It takes the node's inputs, without those constants that are settings.

    Raises
    ------
    BackboneError
        If torch has no operation for the node's kind or settings.
    """
    if node.kind in WITHOUT_SETTINGS:
        return WITHOUT_SETTINGS[node.kind]
    if node.kind not in _MAKERS:
        raise _refuse(node, "of an unknown kind")
    try:
        return _MAKERS[node.kind](node, constants)
    except (KeyError, IndexError):  # a setting that is computed from the photo
        raise _refuse(node, "with settings that depend on the photo") from None


def _refuse(node: Node, problem: str) -> BackboneError:
    return BackboneError(f"Cannot train the network: got layer {node.output!r} ({node.kind}) {problem}.")


def _clip(node: Node, constants: Constants) -> Operation:
    low, high = (constants[i].item() if i in constants else None for i in (1, 2))
    if len([name for name in node.inputs if name]) > len(constants) + 1 or (low is None and high is None):
        raise _refuse(node, "with bounds that depend on the photo")
    return partial(torch.clamp, min=low, max=high)


def _hard_sigmoid(node: Node, constants: Constants) -> Operation:  # noqa: ARG001
    slope, offset = float(node.attributes.get("alpha", 0.2)), float(node.attributes.get("beta", 0.5))
    return lambda x: torch.clamp(slope * x + offset, 0.0, 1.0)


def _pool(node: Node, constants: Constants) -> Operation:  # noqa: ARG001
    get = node.attributes.get
    if get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or {1} != set(get("dilations", [1])):
        raise _refuse(node, "with an unknown padding")
    kernel = node.attributes["kernel_shape"]
    pads = get("pads", [0, 0, 0, 0])
    window = {"kernel_size": kernel, "stride": get("strides", [1, 1]), "ceil_mode": bool(get("ceil_mode"))}
    is_even = pads[:2] == pads[2:] and all(2 * pad <= size for pad, size in zip(pads, kernel, strict=False))
    if node.kind == "MaxPool":
        if is_even:
            return partial(F.max_pool2d, **window, padding=pads[:2])
        return lambda x: F.max_pool2d(F.pad(x, _reorder_pads(pads), value=float("-inf")), **window)
    if not is_even:
        raise _refuse(node, "with an unknown padding")
    counts = bool(get("count_include_pad", 0))
    return partial(F.avg_pool2d, **window, padding=pads[:2], count_include_pad=counts)


def _reduce_mean(node: Node, constants: Constants) -> Operation:
    axes = node.attributes["axes"] if "axes" in node.attributes else constants[1].tolist()
    return partial(torch.mean, dim=tuple(axes), keepdim=bool(node.attributes.get("keepdims", 1)))


def _reshape(node: Node, constants: Constants) -> Operation:  # noqa: ARG001
    shape = [int(size) for size in constants[1]]
    return lambda x: x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(shape)])


def _pad(node: Node, constants: Constants) -> Operation:
    pads = node.attributes["pads"] if "pads" in node.attributes else constants[1].tolist()
    is_constant = node.attributes.get("mode", b"constant") == b"constant"
    if not is_constant or len(pads) != 8 or len(node.inputs) > 3 or any([*pads[:2], *pads[4:6]]):
        raise _refuse(node, "with an unknown padding")
    value = constants[2].item() if 2 in constants and constants[2].size else 0.0
    return partial(F.pad, pad=_reorder_pads([*pads[2:4], *pads[6:]]), value=value)


def _reorder_pads(pads: Sequence[int]) -> list[int]:
    """Return pads in torch's order (left, right, top, bottom) from ONNX's (top, left, bottom, right)."""
    top, left, bottom, right = pads
    return [left, right, top, bottom]


def _cast(node: Node, constants: Constants) -> Operation:  # noqa: ARG001
    if node.attributes["to"] != 1:
        raise _refuse(node, "that casts to another type than float32")
    return Tensor.float


def _concat(node: Node, constants: Constants) -> Operation:
    if constants:
        raise _refuse(node, "that joins constants")
    axis = int(node.attributes["axis"])
    return lambda *x: torch.cat(x, axis)


def _gather(node: Node, constants: Constants) -> Operation:
    axis, at = int(node.attributes.get("axis", 0)), constants[1].tolist()
    if not isinstance(at, list) or constants[1].ndim != 1:
        raise _refuse(node, "that removes an axis")
    return lambda x: torch.cat([x.narrow(axis, i, 1) for i in at], axis)


_MAKERS: dict[str, Callable[[Node, Constants], Operation]] = {
    "AveragePool": _pool, "Cast": _cast, "Clip": _clip, "Concat": _concat,
    "Elu": lambda node, _: partial(F.elu, alpha=float(node.attributes.get("alpha", 1.0))),
    "Flatten": lambda node, _: partial(torch.flatten, start_dim=int(node.attributes.get("axis", 1))),
    "Gather": _gather,
    "Gelu": lambda node, _: partial(F.gelu, approximate=node.attributes.get("approximate", b"none").decode()),
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": lambda node, _: partial(F.leaky_relu, negative_slope=float(node.attributes.get("alpha", 0.01))),
    "MaxPool": _pool, "Pad": _pad, "ReduceMean": _reduce_mean, "Reshape": _reshape,
    "Transpose": lambda node, _: partial(torch.permute, dims=node.attributes["perm"]),
}  # fmt: skip
KNOWN = frozenset(WITHOUT_SETTINGS) | frozenset(_MAKERS)
