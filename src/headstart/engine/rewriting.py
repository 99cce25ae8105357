"""Rewrite a network so that the engine computes it faster, or some of its layers in float32."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.engine.cutting import find_output, has_layer
from headstart.engine.openvino_import import get_core, import_openvino
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from xml.etree import ElementTree

    import openvino

ACTIVATION_RANK = 4  # (N, C, H, W)
_MULTIPLYING = frozenset({"Convolution", "GroupConvolution", "MatMul"})
_ELEMENTWISE = frozenset({"Convert", "Divide", "Multiply", "Subtract", "Add"})


def postpone_transpose(network: openvino.Model) -> openvino.Model:
    """Move the first transpose, (N, H, W, C) to (N, C, H, W), after the scaling of the pixels.

    The engine itself computes in the order (N, H, W, C). There it leaves the transpose out, which saves 5% of the time.
    The results are bit-identical. Only scaling by single numbers is passed: if a network begins otherwise, for example
    with one number per channel, it is returned unchanged.
    """
    import_openvino()
    from openvino import opset13

    network = network.clone()
    first = _find_consumer(network.get_parameters()[0])
    if first is None or first.get_type_name() != "Transpose":
        return network
    last, following = first, _find_consumer(first)
    while following is not None and following.get_type_name() in _ELEMENTWISE and _has_scalar_operands(following):
        last, following = following, _find_consumer(following)
    if last is first:
        return network
    targets = last.output(0).get_target_inputs()
    next(iter(first.output(0).get_target_inputs())).replace_source_output(first.input_value(0))
    turned = opset13.transpose(last.output(0), first.input_value(1).get_node())
    for target in targets:
        target.replace_source_output(turned.output(0))
    network.validate_nodes_and_infer_types()
    return network


def take_channels_last(network: openvino.Model) -> openvino.Model:
    """Return a network whose input is (N, H, W, C) float32, in place of (N, C, H, W)."""
    openvino = import_openvino()
    from openvino import opset13

    network = network.clone()
    before = network.get_parameters()[0]
    entry = opset13.parameter(openvino.PartialShape.dynamic(4), openvino.Type.f32, name=f"{before.get_name()}_last")
    turned = opset13.transpose(entry, np.array([0, 3, 1, 2]))
    for target in before.output(0).get_target_inputs():
        target.replace_source_output(turned.output(0))
    return openvino.Model([result.input_value(0) for result in network.get_results()], [entry])


def _find_consumer(op: Any) -> Any:
    """Return the one operation that takes the output of ``op``; None if there is none, or more than one."""
    targets = op.output(0).get_target_inputs()
    return next(iter(targets)).get_node() if len(targets) == 1 else None


def _has_scalar_operands(op: Any) -> bool:
    """Say whether every operand besides the pixels is a single number."""
    return all(int(np.prod(op.input_value(i).get_shape())) == 1 for i in range(1, op.get_input_size()))


def keep_float32(network: openvino.Model, tensors: Sequence[str]) -> openvino.Model:
    """Return the network with a mark on the layers ``tensors`` and all layers below them: compute in float32.

    A layer is named by its output, or by its own name. The mark is an attribute of OpenVINO's file format that only its
    reader can set. OpenVINO loses it where it fuses layers. So the batch norms are folded before, as they would be when
    the network is compiled.
    """
    openvino = import_openvino()
    from xml.etree import ElementTree

    network = network.clone()
    fold_batch_norms(network)
    with tempfile.TemporaryDirectory() as folder:
        text, weights = Path(folder, "network.xml"), Path(folder, "network.bin")
        try:
            openvino.serialize(network, str(text), str(weights))
        except RuntimeError as error:  # its own text is only "iostream error"
            raise BackboneError(
                f"Cannot prepare the network: writing to '{folder}' failed. Free some space there, or set TMPDIR to "
                "another folder.",
                path=folder,
            ) from error
        tree = ElementTree.fromstring(text.read_bytes())  # noqa: S314  our own file
        numbers = np.fromfile(weights, np.uint8)
    mark_float32_below(tree, tensors)
    return get_core().read_model(ElementTree.tostring(tree), openvino.Tensor(numbers))


def list_inner_layers(network: openvino.Model) -> frozenset[str]:
    """Return the names of all operations whose output a convolution or a matrix product reads, also through others."""
    return _list_sources([op for op in network.get_ops() if op.get_type_name() in _MULTIPLYING])


def list_layers_below(network: openvino.Model, tensors: Sequence[str]) -> frozenset[str]:
    """Return the names of the operations that give the layers ``tensors``, and of all below them."""
    ends = [find_output(network, tensor).get_node() for tensor in tensors if has_layer(network, tensor)]
    return _list_sources(ends) | {op.get_friendly_name() for op in ends}


def _list_sources(ops: Sequence[Any]) -> frozenset[str]:
    """Return the names of the operations that the given ones read, also through others."""
    found: set[str] = set()
    todo = [*ops]
    while todo:
        sources = [value.get_node() for value in todo.pop().input_values()]
        todo += [op for op in sources if op.get_friendly_name() not in found]
        found.update(op.get_friendly_name() for op in sources)
    return frozenset(found)


def round_inner_layers(
    part: openvino.Model, inner: Collection[str], exact: Collection[str] = ()
) -> tuple[openvino.Model, list[str]]:
    """Return a part of a network whose inner layers round to bf16 alike, whichever of them are pooled or are outputs.

    OpenVINO computes all that follows the last convolution before an output in float32. An inner layer that is pooled
    for an output, or is one, would therefore be rounded elsewhere than in a network without this output, and so would
    all layers that read it. A convolution by 1 between the two prevents it, and gives the rounded values.

    OpenVINO fuses an addition with the convolution before it only if every other reader of its second summand is
    computed earlier, and an output is not. So all readers except additions read the convolution by 1 instead of the
    layer. Additions outside read a second one, which nothing else reads.

    Parameters
    ----------
    part
        Its shapes are fixed.
    inner
        Names of the inner layers of the whole network, see `list_inner_layers`.
    exact
        Names of the layers that are computed in float32.

    Returns
    -------
    The part, and the names of its new layers that must be computed in float32, see `keep_float32`.
    """
    part = part.clone()
    in_float32 = []
    for op in part.get_ordered_ops():
        name = op.get_friendly_name()
        if name not in inner or op.get_type_name() == "Constant":
            continue
        for value in filter(_is_activation, op.outputs()):
            targets = list(value.get_target_inputs())
            sums = [target for target in targets if target.get_node().get_type_name() == "Add"]
            others = [target for target in targets if target not in sums]
            outer_sums = [target for target in sums if _is_outer(target, inner)]
            ends = [value]
            if any(_is_outer(target, inner) for target in others):
                ends.append(_multiply_by_one(value, others, f"{name}/{value.get_index()}/rounded"))
            if outer_sums:  # after the first: OpenVINO merges two that read the same
                ends.append(_multiply_by_one(ends[-1], outer_sums, f"{name}/{value.get_index()}/summand"))
            if name in exact:
                in_float32 += [end.get_node().get_friendly_name() for end in ends[1:]]
    part.validate_nodes_and_infer_types()
    return part, in_float32


def _is_outer(target: Any, inner: Collection[str]) -> bool:
    reader = target.get_node()
    return reader.get_friendly_name() not in inner and reader.get_type_name() not in _MULTIPLYING


def _is_activation(value: Any) -> bool:
    shape = value.get_partial_shape()
    return bool(shape.is_static and 1 < len(shape) <= ACTIVATION_RANK and value.get_element_type().is_real())


def _multiply_by_one(value: Any, targets: Sequence[Any], name: str) -> Any:
    """Insert a convolution by 1 between activations (N, C, ...) and inputs that read them; return what they read."""
    import_openvino()
    from openvino import opset13

    shape = list(value.get_shape())
    added = np.arange(len(shape), ACTIVATION_RANK)
    places = opset13.unsqueeze(value, added).output(0) if len(added) else value
    ones = np.ones((shape[1], 1, 1, 1, 1), np.float32)
    alike = opset13.group_convolution(places, ones, [1, 1], [0, 0], [0, 0], [1, 1])
    last = opset13.squeeze(alike, added) if len(added) else alike
    last.set_friendly_name(name)
    for target in targets:
        target.replace_source_output(last.output(0))
    return last.output(0)


def fold_batch_norms(network: openvino.Model) -> None:
    """Fold the batch norms of a network into the convolutions before them."""
    from openvino._offline_transformations import apply_moc_transformations

    apply_moc_transformations(network, cf=True)


def mark_float32_below(tree: ElementTree.Element, tensors: Sequence[str]) -> None:
    """Mark layers of a network in OpenVINO's file format, and all layers below them, to be computed in float32."""
    sources: dict[str | None, list[str | None]] = {}
    for edge in tree.iterfind("edges/edge"):
        sources.setdefault(edge.get("to-layer"), []).append(edge.get("from-layer"))
    layers = {layer.get("id"): layer for layer in tree.iterfind("layers/layer")}
    makers = {layer.get("name"): number for number, layer in layers.items()} | {
        name: number
        for number, layer in layers.items()
        for port in layer.iterfind("output/port")
        for name in _list_names(port.get("names"))
    }
    todo = []
    for tensor in tensors:
        if tensor not in makers:
            raise BackboneError(f"Cannot keep float32 below {tensor!r}: no layer has this name.")
        todo.append(makers[tensor])
    marked = set()
    while todo:
        number = todo.pop()
        if number not in marked:
            marked.add(number)
            _mark_layer(layers[number])
            todo += sources.get(number, [])


def mark_float32(tree: ElementTree.Element, prefix: str) -> None:
    """Mark the layers of a network in OpenVINO's file format whose names begin with ``prefix``, as above."""
    for layer in tree.iterfind("layers/layer"):
        ports = layer.iterfind("output/port")
        if any(name.startswith(prefix) for port in ports for name in _list_names(port.get("names"))):
            _mark_layer(layer)


def _list_names(names: str | None) -> list[str]:
    """Return the names of a port. Commas separate them; a comma inside a name has a backslash before it."""
    return [name.replace("\\,", ",") for name in re.split(r"(?<!\\),", names or "")]


def _mark_layer(layer: ElementTree.Element) -> None:
    from xml.etree import ElementTree

    attributes = layer.find("rt_info")
    if attributes is None:
        attributes = ElementTree.Element("rt_info")
        layer.insert(0 if layer.find("data") is None else 1, attributes)
    ElementTree.SubElement(attributes, "attribute", name="precise", version="0")
