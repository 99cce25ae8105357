"""Features of several layers from one pass of the network: their means over the photo, side by side.

An earlier stage may separate the user's classes by properties that the last stage drops as useless for ImageNet. Idea:
Head2Toe (Evci et al. 2022). The layers inside the blocks of MobileNetV2 and its family have six times the channels of a
block's output, which is a linear function of them: their means tell more (docs/decisions/0048).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from headstart.backbone.backbone import Backbone
from headstart.backbone.graph_file import (
    list_nodes,
    make_name,
    make_node,
    make_signature,
    read_vectors,
    rename_layers,
    take_apart,
)
from headstart.backbone.spec import BackboneSpec, Stage

FEATURES = ("last", "all", "wide")  # each has the features of the one before it at its end
FIRST_STRIDE = 4  # earlier stages have few channels, mostly of edges and colours
FIRST_INNER_STRIDE = 8


def choose_pooled_stages(spec: BackboneSpec) -> tuple[Stage, ...]:
    """Return the stages to pool: the last before each change of the number of channels, and the last of all.

    Of several networks: these stages of each in turn, and at the end the last stages of all.

    Examples
    --------
    >>> from headstart.backbone.mobilenet_v2 import MOBILENET_V2
    >>> [stage.name for stage in choose_pooled_stages(MOBILENET_V2)]
    ['block_2', 'block_5', 'block_9', 'block_12', 'block_15', 'block_16', 'top']
    """
    ends = [
        stage
        for stages in spec.stages_by_network
        for stage, after in pairwise(stages)
        if stage.n_channels != after.n_channels
    ]
    return (*(stage for stage in ends if stage.stride >= FIRST_STRIDE), *spec.last_stages)


@lru_cache(maxsize=4)  # 20 ms; a training asks several times
def pool_stages(backbone: Backbone, features: str = "all") -> Backbone:
    """Return a backbone whose features are the means of several layers side by side, the last stages at the end.

    The weights stay the same. The file and its hash change.

    Parameters
    ----------
    features
        ``last``: the backbone as it is. ``all``: several stages before it; MobileNetV2 then gives 1,976 features
        instead of 1,280. ``wide``: before these, layers inside the blocks; 4,664 features. Networks without such layers
        give those of ``all``.
    """
    if features == "last":
        return backbone
    spec = backbone.spec
    stages = choose_pooled_stages(spec)[: -len(spec.last_stages)]
    file = take_apart(backbone.weights)
    layers = [(stage.tensor, stage.name, stage.n_channels) for stage in stages]
    if features == "wide":
        layers = [*choose_inner_layers(backbone), *layers]
    nodes = []
    for tensor, name, _ in layers:
        nodes.append(make_node("GlobalAveragePool", [tensor], f"{name}_pooled"))
        nodes.append(make_node("Flatten", [f"{name}_pooled"], f"{name}_mean", axis=1))
    last = f"{spec.stages[-1].name}_mean"
    means = [*(f"{name}_mean" for _, name, _ in layers), last]
    nodes.append(make_node("Concat", means, "features", axis=1))
    n_features = sum(n_channels for *_, n_channels in layers) + spec.n_last_features
    trunk = rename_layers(file.trunk, {"features": last})
    graph = b"".join([trunk, *nodes, make_name(f"{spec.name}_wide"), make_signature("features", n_features)])
    weights = file.join(graph, file.entries)
    digest = hashlib.sha256(weights).hexdigest()
    return replace(backbone, spec=replace(spec, weights_sha256=digest, n_features=n_features), weights=weights)


def choose_inner_layers(backbone: Backbone) -> list[tuple[str, str, int]]:
    """Return the layers inside blocks to pool, each with a name and its number of channels.

    A block narrows its widest layer to its output. Of the blocks at an eighth of the photo's side and below, every
    second one is taken, without the last.

    Examples
    --------
    >>> from headstart.backbone.loading import load_backbone
    >>> [name for _, name, _ in choose_inner_layers(load_backbone())]  # doctest: +NORMALIZE_WHITESPACE
    ['block_4_inner', 'block_6_inner', 'block_8_inner', 'block_10_inner', 'block_12_inner', 'block_14_inner']
    """
    trunk = take_apart(backbone.weights).trunk
    nodes = {output: (kind, inputs) for kind, inputs, output in list_nodes(trunk)}
    ends = {stage.tensor for stage in backbone.spec.stages}
    chosen: list[tuple[str, str, int]] = []
    for stages in backbone.spec.stages_by_network:
        found = [
            (stage, *inner) for stage in stages if stage.stride >= FIRST_INNER_STRIDE
            if (inner := _find_inner(stage.tensor, nodes, ends)) is not None
        ]  # fmt: skip
        sizes = {
            kernel: len(values) for kernel, values in read_vectors(trunk, [kernel for *_, kernel in found]).items()
        }
        wide = [(stage, layer, sizes.get(kernel, 0) // stage.n_channels) for stage, layer, kernel in found]
        wide = [(stage, layer, n) for stage, layer, n in wide if n > stage.n_channels]
        chosen += [(layer, f"{stage.name}_inner", n) for stage, layer, n in wide[1:-1:2]]
    return chosen


def _find_inner(
    tensor: str, nodes: dict[str, tuple[str, list[str]]], ends: set[str]
) -> tuple[str, str] | None:  # fmt: skip
    """Return the layer that the last convolution of a block reads, and the name of its weights, or None."""
    kind, inputs = nodes.get(tensor, ("", []))
    if kind == "Add":  # the block's input is added to its output
        tensor = next((name for name in inputs if name not in ends and name in nodes), "")
        kind, inputs = nodes.get(tensor, ("", []))
    if kind == "BatchNormalization":
        kind, inputs = nodes.get(inputs[0], ("", []))
    if kind != "Conv" or inputs[0] in ends or nodes.get(inputs[0], ("",))[0] != "Clip":
        return None
    return inputs[0], inputs[1]
