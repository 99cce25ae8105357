"""Find a backbone by its name or file, load its weights and check their hash."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

from headstart.backbone.backbone import Backbone, BackboneSetup
from headstart.backbone.efficientnet_lite import VARIANTS, load_weights
from headstart.backbone.foreign.user_file import SUFFIXES, load_user_file
from headstart.backbone.mobilenet_v2 import MOBILENET_V2
from headstart.backbone.names import Sizes, split_name
from headstart.backbone.side_by_side import check_number, join_networks
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError

TIMM = "timm/"
SPECS = {spec.name: spec for spec in (MOBILENET_V2, *(variant.spec for variant in VARIANTS.values()))}


def load_backbone(name: str = MOBILENET_V2.name) -> Backbone:
    """Load a backbone: the one inside the package (9 MB, about 20 ms), or another.

    Parameters
    ----------
    name
        ``mobilenet_v2``; ``efficientnet_lite0`` to ``efficientnet_lite2``, which come with an extra; ``timm/NAME``; or
        the path of an ONNX file with a TOML beside it (docs/backbones.md). Several networks side by side
        have ``+`` between them, and a network in another image size has it after ``@``:
        ``mobilenet_v2+mobilenet_v2@320``.

    Raises
    ------
    BackboneError
        If no backbone has this name, its file is missing, or the file has another hash than the spec.
    MissingExtraError
        If its extra is not installed.

    Examples
    --------
    >>> load_backbone().spec.n_features
    1280
    """
    loaded, size = _load_networks(split_name(name))
    return loaded if size == loaded.spec.image_size else replace(loaded, spec=replace(loaded.spec, image_size=size))


def open_setup(backbone: str, image_size: Sizes = None, *, precision: str = "auto", depth: int = 16) -> BackboneSetup:
    """Load a backbone as `load_backbone`, and return it with the image size that the user wants.

    Parameters
    ----------
    image_size
        Side of the network's input in pixels, or several, such as ``224+320``: one for each network of the backbone, or
        for one network, which then is there several times. None: the default of each.
    precision, depth
        As for `BackboneSetup`.

    Raises
    ------
    BackboneError
        As `load_backbone`, or if the sizes do not fit the networks.
    MissingExtraError
        If the extra of a network is not installed.
    """
    loaded, size = _load_networks(split_name(backbone, image_size))
    return BackboneSetup(loaded, size, precision, depth)


def _load_networks(chosen: Sequence[tuple[str, int | None]]) -> tuple[Backbone, int]:
    """Return the backbone of these networks, each with its size, and the side of its input in pixels."""
    if len(chosen) > 1:
        check_number([name for name, _ in chosen])
    loaded = {name: _load_network(name) for name, _ in chosen}
    pairs = [(loaded[name], loaded[name].spec.check_image_size(size)) for name, size in chosen]
    if len(pairs) == 1:
        return pairs[0]
    joined = join_networks(pairs)
    return joined, joined.spec.image_size


def _load_network(name: str) -> Backbone:
    if name.startswith(TIMM):
        from headstart.backbone.foreign.timm_zoo import load_timm

        return load_timm(name.removeprefix(TIMM))
    if name.lower().endswith(SUFFIXES):
        return load_user_file(name, taken=SPECS)
    if name not in SPECS:
        close = difflib.get_close_matches(name, SPECS, n=1)
        known = f"Known: {', '.join(sorted(SPECS))}, timm/NAME, and the path of an .onnx file."
        hint = f"Did you mean {close[0]!r}?" if close else known
        raise BackboneError(f"Cannot load backbone {name!r}: no backbone has this name. {hint}")
    spec = SPECS[name]
    try:
        in_package = resources.files("headstart.backbone").joinpath("weights", f"{name}.onnx")
        weights = load_weights(name) if name in VARIANTS else in_package.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BackboneError(f"Cannot load backbone {name!r}: {reason}. Install headstart again.") from None
    return Backbone(spec, check_weights(weights, spec))


def check_weights(weights: bytes, spec: BackboneSpec) -> bytes:
    """Return ``weights``; raise BackboneError if their SHA-256 is not the one in ``spec``."""
    digest = hashlib.sha256(weights).hexdigest()
    if digest != spec.weights_sha256:
        raise BackboneError(
            f"Cannot load backbone {spec.name!r}: its weights have SHA-256 {digest[:12]}..., "
            f"need {spec.weights_sha256[:12]}.... The file is damaged: install headstart again."
        )
    return weights
