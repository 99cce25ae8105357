"""Fold the constants of a foreign network: compute once what depends on no photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

LARGEST_FOLDED = 10_000  # largest input of a folded layer, in numbers: shapes and paddings are smaller
_FOLDED = frozenset({
    "Add", "Cast", "Concat", "Constant", "ConstantOfShape", "Div", "Floor", "Gather", "Identity", "Mul", "Reshape",
    "Shape", "Slice", "Squeeze", "Sub", "Transpose", "Unsqueeze",
})  # fmt: skip
# of these, large inputs too: the output is no larger
_FOLDED_WEIGHTS = frozenset({"Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze"})
MAX_WEIGHTS = 500_000_000  # largest input of these


def fold_constants(model: onnx.ModelProto) -> None:
    """Replace every layer that depends on no photo by its output among the weights, where training looks for it."""
    import onnx
    from onnx import helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    known = {tensor.name: tensor for tensor in model.graph.initializer}
    remaining = []
    for node in model.graph.node:
        inputs = [known.get(name) for name in node.input if name]
        limit = MAX_WEIGHTS if node.op_type in _FOLDED_WEIGHTS else LARGEST_FOLDED
        small = [tensor for tensor in inputs if tensor is not None and np.prod(tensor.dims) <= limit]
        if len(small) < len(inputs) or node.op_type not in _FOLDED or _may_be_large(node, small):
            remaining.append(node)
            continue
        outputs = [onnx.ValueInfoProto(name=name) for name in node.output]
        part = helper.make_model(
            helper.make_graph([node], "constant", [], outputs, small), opset_imports=model.opset_import
        )
        try:
            values = ReferenceEvaluator(part).run(None, {})
        except Exception:  # the engine may compute layers that this evaluator cannot
            remaining.append(node)
            continue
        tensors = [numpy_helper.from_array(np.asarray(v), name) for v, name in zip(values, node.output, strict=True)]
        known |= {tensor.name: tensor for tensor in tensors}
        model.graph.initializer.extend(tensors)
    del model.graph.node[:]
    model.graph.node.extend(remaining)


def _may_be_large(node: onnx.NodeProto, inputs: list[onnx.TensorProto]) -> bool:
    """Say whether a node may turn few numbers into many: through their values, or by broadcasting."""
    from onnx import numpy_helper

    if node.op_type == "ConstantOfShape":
        sizes = numpy_helper.to_array(inputs[0])
    elif node.op_type in _FOLDED_WEIGHTS:
        return False
    else:
        sizes = np.array([max(1, np.prod(tensor.dims, dtype=np.float64)) for tensor in inputs])
    return float(np.prod(sizes, dtype=np.float64)) > LARGEST_FOLDED
