"""Several networks side by side as one backbone: one graph takes the photo and gives the features of all networks.

Each network keeps its own image size. Photos come in at the largest, and the graph scales them to the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from headstart.backbone.backbone import Backbone
from headstart.backbone.graph_file import (
    GraphFile,
    list_nodes,
    make_name,
    make_node,
    make_signature,
    prefix_names,
    take_apart,
)
from headstart.backbone.names import AT, SEPARATOR
from headstart.backbone.scaling_graph import make_scaling_nodes
from headstart.backbone.spec import MAX_PARTS, BackboneSpec, Part
from headstart.errors import BackboneError

# operators with the same meaning in all opsets from 15 on: networks of these fit beside one with a higher opset
FIRST_OPSET = 15
LASTING = frozenset({
    "Add", "BatchNormalization", "Cast", "Clip", "Concat", "Conv", "Div", "Flatten", "GlobalAveragePool", "MatMul",
    "Mul", "Relu", "Sigmoid", "Sub", "Transpose",
})  # fmt: skip


def join_networks(networks: Sequence[tuple[Backbone, int]]) -> Backbone:
    """Return a backbone of 2 or 3 networks, each with its image size in pixels (50 to 150 ms).

    Its features are those of the networks in their order, (N, D1 + D2). Names of layers and stages begin with the name
    of their network. A network that is there in two sizes has its weights in the file once.

    Raises
    ------
    BackboneError
        If there are too many networks, two are the same, or their files do not fit together.
    """
    names = [_name_network(network.spec, size) for network, size in networks]
    files = [take_apart(network.weights) for network, _ in networks]
    _check_networks(networks, names, files)
    side = max(size for _, size in networks)
    sources, prefixes = {side: "pixels"}, dict[str, str]()
    pieces: list[bytes] = []
    for (network, size), file, name in zip(networks, files, names, strict=True):
        if size not in sources:
            sources[size], nodes = make_scaling_nodes(side, size)
            pieces += nodes
        digest = network.spec.weights_sha256
        is_new = digest not in prefixes
        prefix = prefixes.setdefault(digest, f"{name}/")
        weights, layers = prefix_names(file.trunk, f"{name}/", prefix, source=sources[size])
        pieces += [weights, layers] if is_new else [layers]
    n_features = sum(network.spec.n_features for network, _ in networks)
    pieces.append(make_node("Concat", [f"{name}/features" for name in names], "features", axis=1))
    pieces += [make_name("side_by_side"), make_signature("features", n_features)]
    keys = dict.fromkeys(key for file in files for key in file.entries)
    newest = max(files, key=lambda file: (file.opset, file.ir_version))
    joined = newest.join(
        b"".join(pieces), {key: join_texts(file.entries.get(key, "") for file in files) for key in keys}
    )
    return Backbone(_join_specs(networks, names, hashlib.sha256(joined).hexdigest()), joined)


def _name_network(spec: BackboneSpec, size_px: int) -> str:
    return spec.name if size_px == spec.image_size else f"{spec.name}{AT}{size_px}"


def check_number(names: Sequence[str]) -> None:
    """Raise BackboneError if there are too many networks, or one alone."""
    if len(names) not in range(2, MAX_PARTS + 1):
        raise BackboneError(
            f"Cannot put {SEPARATOR.join(names)} side by side: got {len(names)} networks, need 2 to {MAX_PARTS}. Leave "
            "some out."
        )


def _check_networks(networks: Sequence[tuple[Backbone, int]], names: Sequence[str], files: Sequence[GraphFile]) -> None:
    check_number(names)
    reason = ""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        reason = f"got {twice[0]!r} twice in the same image size. Leave one out, or give it another --image-size."
    highest = max(file.opset for file in files)
    for file, name in zip(files, names, strict=True):
        others = sorted({kind for kind, *_ in list_nodes(file.trunk)} - LASTING)
        if file.opset < highest and (others or file.opset < FIRST_OPSET):
            older = f"{name!r} with opset {file.opset} beside one with opset {highest}"
            layers = f", and its layers {', '.join(others[:3])} differ between them" if others else ""
            reason = f"got {older}{layers}. Export it with opset {highest}."
    for network, size in networks:
        network.spec.check_image_size(size)
    if reason:
        raise BackboneError(f"Cannot put {SEPARATOR.join(names)} side by side: {reason}")


def _join_specs(networks: Sequence[tuple[Backbone, int]], names: Sequence[str], digest: str) -> BackboneSpec:
    specs, sizes = [network.spec for network, _ in networks], [size for _, size in networks]
    distinct = {spec.weights_sha256: spec for spec in specs}.values()
    stages = tuple(
        replace(stage, name=f"{name}/{stage.name}", tensor=f"{name}/{stage.tensor}")
        for spec, name in zip(specs, names, strict=True)
        for stage in spec.stages
    )
    parts = zip(names, sizes, specs, strict=True)
    return BackboneSpec(
        name=SEPARATOR.join(names), weights_sha256=digest, n_features=sum(spec.n_features for spec in specs),
        n_parameters=sum(spec.n_parameters for spec in distinct), image_size=max(sizes), min_image_size=max(sizes),
        max_image_size=max(sizes), colour_order="RGB", value_range=(0.0, 255.0), resize=specs[0].resize, stages=stages,
        n_float32_stages=max(spec.n_float32_stages for spec in specs),
        licence=join_texts(spec.licence for spec in specs),
        source=join_texts(spec.source for spec in specs), paper=join_texts(spec.paper for spec in specs),
        parts=tuple(Part(name, size, len(spec.stages)) for name, size, spec in parts),
    )  # fmt: skip


def join_texts(texts: Iterable[str]) -> str:
    """Join texts, each once; empty ones are left out."""
    return "; ".join(dict.fromkeys(filter(None, texts)))
