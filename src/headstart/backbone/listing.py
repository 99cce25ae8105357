"""List the backbones that can be loaded by name, and find the layer that gives the features of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headstart.backbone.backbone import Backbone
from headstart.backbone.foreign.converted_backbones import list_converted
from headstart.backbone.foreign.network_layout import PREFIX
from headstart.backbone.graph_file import list_nodes, take_apart
from headstart.backbone.loading import SPECS, TIMM, load_backbone
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError, MissingExtraError

_POOLING = ("Flatten", "Reshape", "GlobalAveragePool", "Transpose")  # layers that a conversion puts behind a network


def list_backbones() -> Iterator[tuple[BackboneSpec, str | None]]:
    """Yield the spec of each backbone with a name, and the reason why it cannot be loaded, or None if it can.

    Backbones of timm are listed if they are in the cache already: loading them no longer needs timm.
    """
    kept = {spec.name: spec for _, spec in list_converted() if spec.name.startswith(TIMM)}
    for spec in (*SPECS.values(), *(kept[name] for name in sorted(kept))):
        try:
            load_backbone(spec.name)
        except (MissingExtraError, BackboneError) as error:
            yield spec, str(error)
        else:
            yield spec, None


def find_features_layer(backbone: Backbone) -> str:
    """Return the layer whose output, or its mean, is the features, by its name in the network's original file.

    Of several networks: the layers of all, with ``and`` between them.
    """
    sources = {output: inputs[0] for kind, inputs, output in list_nodes(take_apart(backbone.weights).trunk)
               if kind in _POOLING}  # fmt: skip
    if not backbone.spec.parts:
        return _follow("features", sources, "")
    return " and ".join(_follow(f"{part.name}/features", sources, f"{part.name}/") for part in backbone.spec.parts)


def _follow(name: str, sources: Mapping[str, str], before: str) -> str:
    """Follow a layer down to the first layer of the original network. ``before`` stands before all of its names."""
    while name in sources and not name.startswith(before + PREFIX):
        name = sources[name]
    return name.removeprefix(before).removeprefix(PREFIX)
