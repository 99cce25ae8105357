"""Which backbones are here, and what each costs."""

from __future__ import annotations

from collections.abc import Iterator

from headstart.backbone.backbone import Backbone
from headstart.backbone.foreign.conversion import PREFIX
from headstart.backbone.foreign.user_file import list_kept
from headstart.backbone.graph_file import list_nodes, take_apart
from headstart.backbone.loading import SPECS, TIMM, load_backbone
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError, MissingExtraError

_POOLING = frozenset({"Flatten", "Reshape", "GlobalAveragePool", "Transpose"})  # what we put behind a network


def list_backbones() -> Iterator[tuple[BackboneSpec, str | None]]:
    """Yield the spec of each backbone that has a name, and what is missing to load it; None if nothing is.

    Those of timm are the ones that were made ours before: they need timm no more.
    """
    kept = {spec.name: spec for _, spec in list_kept() if spec.name.startswith(TIMM)}
    for spec in (*SPECS.values(), *(kept[name] for name in sorted(kept))):
        try:
            load_backbone(spec.name)
        except (MissingExtraError, BackboneError) as error:
            yield spec, str(error)
        else:
            yield spec, None


def find_features_layer(backbone: Backbone) -> str:
    """Return the name that the layer whose output, or its mean, is the features has in the network's own file."""
    sources = {output: inputs[0] for kind, inputs, output in list_nodes(take_apart(backbone.weights).trunk)
               if kind in _POOLING}  # fmt: skip
    name = "features"
    while name in sources and not name.startswith(PREFIX):
        name = sources[name]
    return name.removeprefix(PREFIX)
