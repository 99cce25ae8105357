"""Rewrite a network so that the engine runs it faster, or as precisely as it must, without another meaning."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.engine.openvino_import import open_core, open_openvino
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from xml.etree import ElementTree

    import openvino

_PIXEL_BY_PIXEL = frozenset({"Convert", "Divide", "Multiply", "Subtract", "Add"})


def turn_pixels_late(network: openvino.Model) -> openvino.Model:
    """Return the network with its pixels turned to (N, C, H, W) after their arithmetic and not before it.

    Inside, the engine computes in the order (N, H, W, C) in which pixels come: turned this late, they are not turned at
    all. Not a bit of the output changes, and it takes 5% less time. A network that begins otherwise stays as it is.
    """
    open_openvino()
    from openvino import opset13

    network = network.clone()
    first = _follow(network.get_parameters()[0])
    if first is None or first.get_type_name() != "Transpose":
        return network
    last, following = first, _follow(first)
    while following is not None and following.get_type_name() in _PIXEL_BY_PIXEL and _takes_one_number(following):
        last, following = following, _follow(following)
    if last is first:
        return network
    targets = last.output(0).get_target_inputs()
    next(iter(first.output(0).get_target_inputs())).replace_source_output(first.input_value(0))
    turned = opset13.transpose(last.output(0), first.input_value(1).get_node())
    for target in targets:
        target.replace_source_output(turned.output(0))
    network.validate_nodes_and_infer_types()
    return network


def _follow(op: Any) -> Any:
    """Return the only operation that takes the output of another, or None."""
    targets = op.output(0).get_target_inputs()
    return next(iter(targets)).get_node() if len(targets) == 1 else None


def _takes_one_number(op: Any) -> bool:
    """Say whether the operand beside the pixels is the same for all of them."""
    return all(int(np.prod(op.input_value(i).get_shape())) == 1 for i in range(1, op.get_input_size()))


def keep_float32(network: openvino.Model, tensor: str) -> openvino.Model:
    """Return the network with everything below the layer ``tensor`` marked as not to be computed in less than float32.

    The mark is an attribute of OpenVINO's own file format, and only its reader can set it. It is lost where layers are
    fused, so the batch norms are folded first, as compiling would do.
    """
    openvino = open_openvino()
    from xml.etree import ElementTree

    network = network.clone()
    fold_norms(network)
    with tempfile.TemporaryDirectory() as folder:
        text, weights = Path(folder, "network.xml"), Path(folder, "network.bin")
        try:
            openvino.serialize(network, str(text), str(weights))
        except RuntimeError as error:  # says nothing but "iostream error"
            raise BackboneError(
                f"Cannot prepare the network: nothing can be written to '{folder}'. Make room there, or set TMPDIR to "
                "a folder that has some."
            ) from error
        tree = ElementTree.fromstring(text.read_bytes())  # noqa: S314  written a line above
        numbers = np.fromfile(weights, np.uint8)
    mark_below(tree, tensor)
    return open_core().read_model(ElementTree.tostring(tree), openvino.Tensor(numbers))


def fold_norms(network: openvino.Model) -> None:
    """Fold batch norms into the convolutions before them."""
    from openvino._offline_transformations import apply_moc_transformations

    apply_moc_transformations(network, cf=True)


def mark_below(tree: ElementTree.Element, tensor: str) -> None:
    """Mark a layer of OpenVINO's file format, and all that it is computed from, as not for less than float32.

    Parameters
    ----------
    tensor
        The name of that layer's output.

    Raises
    ------
    BackboneError
        If there is no layer of this name.
    """
    sources: dict[str | None, list[str | None]] = {}
    for edge in tree.iterfind("edges/edge"):
        sources.setdefault(edge.get("to-layer"), []).append(edge.get("from-layer"))
    layers = {layer.get("id"): layer for layer in tree.iterfind("layers/layer")}
    todo = [
        number for number, layer in layers.items()
        if any(tensor in _list_names(port.get("names")) for port in layer.iterfind("output/port"))
    ]  # fmt: skip
    if not todo:
        raise BackboneError(f"Cannot keep float32 below {tensor!r}: no layer has this name.")
    marked = set()
    while todo:
        number = todo.pop()
        if number not in marked:
            marked.add(number)
            _mark_layer(layers[number])
            todo += sources.get(number, [])


def _list_names(names: str | None) -> list[str]:
    """Return the names of a port, which are joined by commas; one inside a name follows a backslash."""
    return [name.replace("\\,", ",") for name in re.split(r"(?<!\\),", names or "")]


def _mark_layer(layer: ElementTree.Element) -> None:
    from xml.etree import ElementTree

    attributes = layer.find("rt_info")
    if attributes is None:
        attributes = ElementTree.Element("rt_info")
        layer.insert(0 if layer.find("data") is None else 1, attributes)
    ElementTree.SubElement(attributes, "attribute", name="precise", version="0")
