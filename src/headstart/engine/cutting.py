"""Cut a network between two of its layers: the lower part ends where the upper part begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headstart.engine.openvino_import import open_openvino
from headstart.errors import BackboneError

if TYPE_CHECKING:
    import openvino


def take_below(network: openvino.Model, tensor: str) -> openvino.Model:
    """Return the part of a network from its input to one layer.

    Parameters
    ----------
    tensor
        The name of that layer's output.

    Raises
    ------
    BackboneError
        If the network has no layer of this name.
    """
    openvino = open_openvino()

    network = network.clone()
    return openvino.Model([find_output(network, tensor)], network.get_parameters())


def take_between(network: openvino.Model, below: str, above: str) -> openvino.Model:
    """Return the part of a network that starts from the output of ``below`` and ends with that of ``above``.

    Raises
    ------
    BackboneError
        If the network has no layers of these names.
    """
    openvino = open_openvino()
    from openvino import opset13

    network = network.clone()
    source = find_output(network, below)
    entry = opset13.parameter(source.get_partial_shape(), source.get_element_type(), name=f"{below}_again")
    for target in source.get_target_inputs():
        target.replace_source_output(entry.output(0))
    return openvino.Model([find_output(network, above)], [entry])


def has_layer(network: openvino.Model, tensor: str) -> bool:
    """Say whether a layer's output has this name."""
    return any(tensor in output.get_names() for op in network.get_ops() for output in op.outputs())


def find_output(network: openvino.Model, tensor: str) -> Any:
    """Return the output of a layer; raise BackboneError if the network has none of this name."""
    for op in network.get_ops():
        for output in op.outputs():
            if tensor in output.get_names():
                return output
    raise BackboneError(f"Cannot cut the network at {tensor!r}: no layer has this name.")
