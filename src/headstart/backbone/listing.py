"""Which backbones are here, and what each costs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from headstart.backbone.loading import SPECS, TIMM, load_backbone
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError, MissingExtraError
from headstart.folders import list_files
from headstart.shelf import BACKBONES, DIGEST_BYTES

LONGEST_RECORD = 100_000  # bytes, of a spec before the network that it describes


def list_backbones() -> Iterator[tuple[BackboneSpec, str | None]]:
    """Yield the spec of each backbone that has a name, and what is missing to load it; None if nothing is."""
    for spec in (*SPECS.values(), *_list_kept()):
        try:
            load_backbone(spec.name)
        except (MissingExtraError, BackboneError) as error:
            yield spec, str(error)
        else:
            yield spec, None


def _list_kept() -> list[BackboneSpec]:
    """Return the specs of timm's networks that were made ours before: they need timm no more."""
    found = {}
    for path, _ in list_files(BACKBONES):
        try:
            with path.open("rb") as file:
                record = file.read(DIGEST_BYTES + LONGEST_RECORD)[DIGEST_BYTES:].partition(b"\0")[0]
            spec = BackboneSpec.from_dict(json.loads(record))
        except (
            OSError,
            ValueError,
            TypeError,
            KeyError,
            BackboneError,
        ):  # a file that was fetched, or is being written
            continue
        if spec.name.startswith(TIMM):
            found[spec.name] = spec
    return [found[name] for name in sorted(found)]
