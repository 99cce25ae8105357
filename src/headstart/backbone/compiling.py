"""Compile a network for this machine up to one layer, or fetch it compiled (0.02 s instead of 0.2 s)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from headstart.backbone.cutting import has_layer, take_below
from headstart.backbone.openvino_door import open_openvino
from headstart.backbone.processor import describe_engine
from headstart.backbone.rewriting import keep_float32, turn_pixels_late
from headstart.shelf import fetch_result, keep_result, name_result

if TYPE_CHECKING:
    import openvino


def compile_network(
    network: bytes,
    digest: str,
    *,
    image_size: int,
    batch_size: int,
    precision: str,
    tensor: str,
    float32_below: str | None,
    n_threads: int,
) -> openvino.CompiledModel:
    """Compile the part of a network from its pixels to the layer ``tensor``.

    Parameters
    ----------
    network
        An ONNX model with one input: uint8 pixels (``batch_size``, ``image_size``, ``image_size``, 3).
    digest
        What tells the network from others, such as its SHA-256.
    precision
        ``f32`` or ``bf16``.
    float32_below
        Name of the layer below which everything is computed in float32, whatever ``precision`` is.

    Raises
    ------
    BackboneError
        If the network has no layer ``tensor``.
    """
    openvino = open_openvino()

    name = name_result(
        "network", digest, str(image_size), str(batch_size), precision, tensor, str(float32_below), str(n_threads),
        describe_engine(),
    )  # fmt: skip
    settings = _choose_settings(precision, n_threads)
    kept = fetch_result(name)
    if kept is not None:
        try:
            return openvino.Core().import_model(kept, "CPU", settings)
        except RuntimeError:  # not written by this very build after all
            pass
    model = openvino.Core().read_model(network)
    model.reshape([batch_size, image_size, image_size, 3])
    part = turn_pixels_late(take_below(model, tensor))
    if precision != "f32" and float32_below is not None and has_layer(part, float32_below):
        part = keep_float32(part, float32_below)
    compiled = openvino.Core().compile_model(part, "CPU", settings)
    stream = io.BytesIO()
    compiled.export_model(stream)
    keep_result(name, stream.getvalue())
    return compiled


def _choose_settings(precision: str, n_threads: int) -> dict[str, object]:
    openvino = open_openvino()
    from openvino import properties
    from openvino.properties import hint

    return {
        hint.inference_precision(): getattr(openvino.Type, precision),
        properties.num_streams(): n_threads,
        properties.inference_num_threads(): n_threads,
        hint.enable_cpu_pinning(): False,  # two processes on one machine would be pinned to the same cores
    }
