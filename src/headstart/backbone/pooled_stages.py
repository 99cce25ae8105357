"""Features of several stages from one pass of the network: their means over the photo, side by side.

An earlier stage may separate the user's classes by properties that the last stage drops as useless for ImageNet. Idea:
Head2Toe (Evci et al. 2022).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise

from headstart.backbone.backbone import Backbone
from headstart.backbone.graph_file import make_name, make_node, make_signature, rename_layers, take_apart
from headstart.backbone.spec import BackboneSpec, Stage

FEATURES = ("last", "all")
FIRST_STRIDE = 4  # earlier stages have few channels, mostly of edges and colours


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


def pool_stages(backbone: Backbone) -> Backbone:
    """Return a backbone whose features are the means of several stages side by side, the last stages at the end.

    MobileNetV2 then gives 1,976 features instead of 1,280. The weights stay the same. The file and its hash change.
    """
    spec = backbone.spec
    stages = choose_pooled_stages(spec)[: -len(spec.last_stages)]
    file = take_apart(backbone.weights)
    nodes = []
    for stage in stages:
        nodes.append(make_node("GlobalAveragePool", [stage.tensor], f"{stage.name}_pooled"))
        nodes.append(make_node("Flatten", [f"{stage.name}_pooled"], f"{stage.name}_mean", axis=1))
    last = f"{spec.stages[-1].name}_mean"
    means = [*(f"{stage.name}_mean" for stage in stages), last]
    nodes.append(make_node("Concat", means, "features", axis=1))
    n_features = sum(stage.n_channels for stage in stages) + spec.n_last_features
    trunk = rename_layers(file.trunk, {"features": last})
    graph = b"".join([trunk, *nodes, make_name(f"{spec.name}_wide"), make_signature("features", n_features)])
    weights = file.join(graph, file.entries)
    digest = hashlib.sha256(weights).hexdigest()
    return replace(backbone, spec=replace(spec, weights_sha256=digest, n_features=n_features), weights=weights)
