"""More from the frozen part at no more cost: the means of several stages side by side.

What the last stage has thrown away as of no use for ImageNet may be what tells these classes apart. Idea: Head2Toe
(Evci et al. 2022).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise

from headstart.backbone.backbone import Backbone
from headstart.backbone.graph_file import (
    make_ends,
    make_name,
    make_node,
    rename_layers,
    take_apart,
)
from headstart.backbone.spec import BackboneSpec, Stage

FEATURES = ("last", "all")
FIRST_STRIDE = 4  # earlier stages see little more than edges and colours, and few channels of them


def choose_pooled_stages(spec: BackboneSpec) -> tuple[Stage, ...]:
    """Return the stages whose means make the wide features: before each change of width, and the last.

    Examples
    --------
    >>> from headstart.backbone.mobilenet_v2 import MOBILENET_V2
    >>> [stage.name for stage in choose_pooled_stages(MOBILENET_V2)]
    ['block_2', 'block_5', 'block_9', 'block_12', 'block_15', 'block_16', 'top']
    """
    ends = [stage for stage, after in pairwise(spec.stages) if stage.n_channels != after.n_channels]
    return (*(stage for stage in ends if stage.stride >= FIRST_STRIDE), spec.stages[-1])


def pool_stages(backbone: Backbone) -> Backbone:
    """Return a backbone whose features are the means of several stages side by side, those of the last one last.

    One pass of the network gives them all, 1,976 numbers instead of 1,280 for MobileNetV2. Its weights stay as they
    are, its bytes and so its spec's hash do not.
    """
    spec = backbone.spec
    stages = choose_pooled_stages(spec)
    file = take_apart(backbone.weights)
    nodes = []
    for stage in stages[:-1]:
        nodes.append(make_node("GlobalAveragePool", [stage.tensor], f"{stage.name}_pooled"))
        nodes.append(make_node("Flatten", [f"{stage.name}_pooled"], f"{stage.name}_mean", axis=1))
    nodes.append(make_node("Concat", [f"{stage.name}_mean" for stage in stages], "features", axis=1))
    n_features = sum(stage.n_channels for stage in stages)
    trunk = rename_layers(file.trunk, {"features": f"{stages[-1].name}_mean"})
    graph = b"".join([trunk, *nodes, make_name(f"{spec.name}_wide"), make_ends("features", n_features)])
    weights = file.join(graph, file.entries)
    digest = hashlib.sha256(weights).hexdigest()
    return replace(backbone, spec=replace(spec, weights_sha256=digest, n_features=n_features), weights=weights)
