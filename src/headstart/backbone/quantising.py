"""Quantise a backbone to weights and activations of 8 bits, with ranges calibrated on photos.

ONNX Runtime's own tool does it (post-training, static). Any ONNX runtime computes the result.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import Backbone
from headstart.backbone.scaling_graph import SCALED
from headstart.errors import BackboneError
from headstart.process.packages import find_version, is_installed, make_missing_extra
from headstart.process.progress import Progress, ignore_progress

if TYPE_CHECKING:
    import onnx

QUANTISING_RULES = 1  # counts up when the code of this file gives other bytes for the same pixels


def quantise_backbone(
    backbone: Backbone, pixels: npt.NDArray[np.uint8], *, progress: Progress = ignore_progress
) -> Backbone:
    """Return a backbone that computes in int8, calibrated on photos (1.5 to 4 s for 200; the same bytes every time).

    Every convolution is quantised: weights per channel, activations to their range on these photos. The weights of the
    first convolution of each network have 7 bits: without VNNI, its sums of products of 8 bits overflow
    (docs/decisions/0009-int8.md).

    Parameters
    ----------
    pixels
        (N, S, S, 3) uint8, photos for the calibration, in the image size that the backbone will be used with.

    Raises
    ------
    BackboneError
        If there are no photos, or the backbone is already quantised.
    MissingExtraError
        If onnxruntime or onnx is not installed.
    """
    describe_quantiser()
    if backbone.is_quantised or not len(pixels):
        got = "one that is quantised already" if backbone.is_quantised else "no photos to calibrate it on"
        raise BackboneError(f"Cannot quantise backbone {backbone.spec.name!r}: got {got}.")
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType
    from onnxruntime.quantization import quantize_static as quantise
    from onnxruntime.quantization.shape_inference import quant_pre_process as fold_batch_norms

    class Photos(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
        """Gives one photo at a time: a larger batch is no faster, and changes the last bits."""

        def __init__(self) -> None:
            self._photos: Iterator[dict[str, Any]] = _feed(pixels, progress)

        def get_next(self) -> dict[str, Any] | None:
            return next(self._photos, None)

    with tempfile.TemporaryDirectory() as folder:
        plain, folded, quantised = (Path(folder, f"{name}.onnx") for name in ("plain", "folded", "quantised"))
        # a file: from a model in memory, the tool loses the input of its shape computation
        plain.write_bytes(backbone.weights)
        fold_batch_norms(plain, folded, skip_symbolic_shape=True)
        graph = onnx.load(folded).graph
        seven_bits = {"axis": 0, "quant_type": QuantType.QInt8, "reduce_range": True}
        quantise(
            folded, quantised, Photos(), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=_list_other_nodes(graph, backbone),
            extra_options={"TensorQuantOverrides": {name: [seven_bits] for name in _list_first_kernels(graph)}},
        )  # fmt: skip
        model = onnx.load(quantised)
    return wrap_quantised(backbone, _serialise(model, onnx.load_from_string(backbone.weights)))


def wrap_quantised(backbone: Backbone, weights: bytes) -> Backbone:
    """Return the quantised backbone whose weights `quantise_backbone` computed from ``backbone`` before."""
    digest = hashlib.sha256(weights).hexdigest()
    return Backbone(replace(backbone.spec, weights_sha256=digest, n_float32_stages=0), weights, is_quantised=True)


def describe_quantiser() -> str:
    """Return what decides the quantised bytes besides backbone and photos: the versions of the tools and the rules."""
    names = ("onnxruntime", "onnx")
    try:
        versions = [f"{name} {find_version(name, name)}" for name in names]
    except ModuleNotFoundError:  # PackageNotFoundError is one
        missing = [name for name in names if not is_installed(name)]
        raise make_missing_extra("compute in int8", "int8", *(missing or names)) from None
    return f"{', '.join(versions)}, rules {QUANTISING_RULES}"


def _feed(pixels: npt.NDArray[np.uint8], progress: Progress) -> Iterator[dict[str, Any]]:
    for n in range(len(pixels)):
        yield {"pixels": pixels[n : n + 1]}
        progress(n + 1, len(pixels))


def _list_other_nodes(graph: onnx.GraphProto, backbone: Backbone) -> list[str]:
    """List the nodes that are not quantised.

    8 bits would not make those after the last stages faster, which take the mean over the photo, and the scaling of
    photos would lose digits that it needs.
    """
    needed = {stage.tensor for stage in backbone.spec.last_stages}
    others = []
    for node in reversed(graph.node):
        if needed.isdisjoint(node.output) or node.name.startswith(SCALED):
            others.append(node.name)
        else:
            needed.update(node.input)
    return others[::-1]


def _list_first_kernels(graph: onnx.GraphProto) -> list[str]:
    """List the weights of the convolutions that take the photo and not the output of another one."""
    after: set[str] = set()
    kernels = []
    for node in graph.node:
        is_after = not after.isdisjoint(node.input)
        if node.op_type == "Conv" and not is_after:
            kernels.append(node.input[1])
        if is_after or node.op_type == "Conv":
            after.update(node.output)
    return kernels


def _serialise(model: onnx.ModelProto, original: onnx.ModelProto) -> bytes:
    """Return the bytes of the model, with the original's operator sets, metadata and producer instead of the tool's."""
    for field in ("opset_import", "metadata_props"):
        model.ClearField(field)
        getattr(model, field).extend(getattr(original, field))
    model.producer_name, model.producer_version = original.producer_name, original.producer_version
    del model.graph.value_info[:]
    return model.SerializeToString(deterministic=True)  # type: ignore[no-any-return]
