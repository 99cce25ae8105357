"""The cut: a network is split at the output of one layer.

Below the cut the network is frozen, and OpenVINO computes it (`take_below`). The output of that layer is the input of
the part above (`take_between`), which is trained with torch: `headstart.tune.graph`
reads the same part from the ONNX file. Tests compare both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headstart.engine.openvino_import import import_openvino
from headstart.errors import BackboneError

if TYPE_CHECKING:
    import openvino


def take_below(network: openvino.Model, *tensors: str) -> openvino.Model:
    """Return the part of a network from its input to the layers whose outputs are named ``tensors``."""
    openvino = import_openvino()
    network = network.clone()
    return openvino.Model([find_output(network, tensor) for tensor in tensors], network.get_parameters())


def take_between(network: openvino.Model, below: str, above: str) -> openvino.Model:
    """Return the part of a network whose input is the output of ``below``, and whose output is that of ``above``."""
    openvino = import_openvino()
    from openvino import opset13

    network = network.clone()
    source = find_output(network, below)
    entry = opset13.parameter(source.get_partial_shape(), source.get_element_type(), name=f"{below}_again")
    for target in source.get_target_inputs():
        target.replace_source_output(entry.output(0))
    return openvino.Model([find_output(network, above)], [entry])


def has_layer(network: openvino.Model, tensor: str) -> bool:
    """Say whether a layer's output has this name."""
    return _search_output(network, tensor) is not None


def find_output(network: openvino.Model, tensor: str) -> Any:
    """Return the output of a layer; raise BackboneError if the network has no layer of this name."""
    output = _search_output(network, tensor)
    if output is None:
        raise BackboneError(f"Cannot cut the network at {tensor!r}: no layer has this name.")
    return output


def _search_output(network: openvino.Model, tensor: str) -> Any:
    # a Result has the names of the layer that it reads
    layers = (op for op in network.get_ops() if op.get_type_name() != "Result")
    outputs = (output for op in layers for output in op.outputs())
    return next((output for output in outputs if tensor in output.get_names()), None)
