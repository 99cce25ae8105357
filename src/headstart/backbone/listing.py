"""Which backbones are here, and what each costs."""

from __future__ import annotations

from collections.abc import Iterator

from headstart.backbone.loading import SPECS, TIMM, load_backbone
from headstart.backbone.own_file import list_kept
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError, MissingExtraError


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
