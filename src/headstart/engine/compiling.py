"""Compile a network for this machine up to one layer, or fetch it compiled (0.02 s instead of 0.2 s)."""

from __future__ import annotations

import io
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from headstart.engine.cutting import has_layer, take_below, take_between
from headstart.engine.openvino_import import open_core, open_openvino
from headstart.engine.processor import describe_engine
from headstart.engine.rewriting import keep_float32, turn_pixels_late
from headstart.storage.result_cache import fetch_result, has_result, keep_result, name_result

if TYPE_CHECKING:
    import openvino


# networks that somebody in this process holds: the next engine shares them
_in_use: WeakValueDictionary[str, openvino.CompiledModel] = WeakValueDictionary()


@dataclass(frozen=True, kw_only=True)
class Build:
    """What is compiled of a network, and for what.

    Attributes
    ----------
    digest
        What tells the network from others, such as its SHA-256.
    image_size, batch_size
        Of the input, uint8 pixels (``batch_size``, ``image_size``, ``image_size``, 3).
    precision
        ``f32``, ``bf16``, or ``int8`` for a network that is quantised.
    entry
        Name of the layer at which the pixels enter; None for the network's own input.
    tensor
        Name of the layer whose output is wanted.
    float32_below
        Name of the layer below which everything is computed in float32, whatever ``precision`` is.
    n_cores
        That compute at a time.
    """

    digest: str
    image_size: int
    batch_size: int
    precision: str
    entry: str | None
    tensor: str
    float32_below: str | None
    n_cores: int

    def name(self) -> str:
        """Return the name under which the result cache keeps it."""
        return name_result("network", *map(str, astuple(self)), describe_engine())

    def is_kept(self) -> bool:
        """Say whether the result cache has it."""
        return has_result(self.name())


def compile_network(network: bytes, build: Build) -> openvino.CompiledModel:
    """Compile the part of an ONNX model from its pixels to one layer, or fetch it from the result cache.

    Raises
    ------
    BackboneError
        If the network has no layer ``build.tensor``.
    """
    settings = _choose_settings(build.precision, build.n_cores)
    name = build.name()
    compiled = _in_use.get(name)
    if compiled is not None:
        return compiled
    kept = fetch_result(name)
    if kept is not None:
        try:
            _in_use[name] = compiled = open_core().import_model(kept, "CPU", settings)
            return compiled
        except RuntimeError:  # not written by this very version after all
            pass
    model = open_core().read_model(network)
    part = take_below(model, build.tensor) if build.entry is None else take_between(model, build.entry, build.tensor)
    part.reshape([build.batch_size, build.image_size, build.image_size, 3])
    part = turn_pixels_late(part)
    if build.precision != "f32" and build.float32_below is not None and has_layer(part, build.float32_below):
        part = keep_float32(part, build.float32_below)
    _in_use[name] = compiled = open_core().compile_model(part, "CPU", settings)
    stream = io.BytesIO()
    compiled.export_model(stream)
    keep_result(name, stream.getvalue())
    return compiled


def _choose_settings(precision: str, n_cores: int) -> dict[str, object]:
    openvino = open_openvino()
    from openvino import properties
    from openvino.properties import hint

    return {
        hint.inference_precision(): getattr(openvino.Type, "f32" if precision == "int8" else precision),
        properties.num_streams(): n_cores,
        properties.inference_num_threads(): n_cores,
        hint.enable_cpu_pinning(): False,  # two processes on one machine would be pinned to the same cores
    }
