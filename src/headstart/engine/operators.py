"""The operators of ONNX that a backbone may have: those of networks for photos.

Left out are operators with subgraphs (If, Loop, Scan), sequences, texts, random numbers, and recurrent layers.
"""

from __future__ import annotations

UNARY = frozenset({
    "Abs", "Cast", "CastLike", "Ceil", "Celu", "Clip", "Cos", "DequantizeLinear", "Dropout", "Elu", "Erf", "Exp",
    "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu", "Log", "LogSoftmax", "Mish",
    "Neg", "Not", "QuantizeLinear", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softmax",
    "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "ThresholdedRelu",
})  # fmt: skip
ELEMENTWISE = frozenset({
    "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod",
    "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where", "Xor",
})  # fmt: skip
REDUCING = frozenset({
    "ArgMax", "ArgMin", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
})  # fmt: skip
RESHAPING = frozenset({"Flatten", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})
SELECTING = frozenset({"CumSum", "Slice", "Split", "TopK", "Trilu"})  # the output is no larger than the first input
UNFOLDING = frozenset({"ConstantOfShape", "Expand", "Range", "Tile"})  # the values of an input are sizes
OPERATORS = UNARY | ELEMENTWISE | REDUCING | RESHAPING | SELECTING | UNFOLDING | frozenset({
    "AveragePool", "BatchNormalization", "Concat", "Constant", "Conv", "ConvTranspose", "DepthToSpace", "Einsum",
    "EyeLike", "Gather", "GatherElements", "GatherND", "Gemm", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool",
    "GridSample", "GroupNormalization", "Hardmax", "InstanceNormalization", "LRN", "LayerNormalization",
    "LpNormalization", "LpPool", "MatMul", "MaxPool", "MeanVarianceNormalization", "NonZero", "OneHot", "Pad",
    "Resize", "ScatterElements", "ScatterND", "Shape", "Size", "SpaceToDepth",
})  # fmt: skip
# inputs whose values are sizes, axes or positions: an engine computes them already when it reads the network
SIZE_INPUTS = {
    "ConstantOfShape": (0,), "CumSum": (1,), "Expand": (1,), "OneHot": (1,), "Pad": (1, 3), "Range": (0, 1, 2),
    "Reshape": (1,), "Resize": (1, 2, 3), "Slice": (1, 2, 3, 4), "Split": (1,), "Squeeze": (1,), "Tile": (1, 2),
    "TopK": (1,), "Trilu": (1,), "Unsqueeze": (1,),
} | dict.fromkeys(REDUCING, (1,))  # fmt: skip
