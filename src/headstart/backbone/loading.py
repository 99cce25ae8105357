"""Find a backbone by its name or file, load its weights and check their hash."""

from __future__ import annotations

import difflib
import hashlib
from importlib import resources

from headstart.backbone.backbone import Backbone
from headstart.backbone.efficientnet_lite0 import EFFICIENTNET_LITE0, load_weights
from headstart.backbone.foreign.user_file import SUFFIXES, load_user_file
from headstart.backbone.mobilenet_v2 import MOBILENET_V2
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError

TIMM = "timm/"
SPECS = {spec.name: spec for spec in (MOBILENET_V2, EFFICIENTNET_LITE0)}

# functions that load the weights of backbones that come with an extra
EXTRAS = {EFFICIENTNET_LITE0.name: load_weights}


def load_backbone(name: str = MOBILENET_V2.name) -> Backbone:
    """Load a backbone: the one inside the package (9 MB, about 20 ms), or another.

    Parameters
    ----------
    name
        ``mobilenet_v2``; ``efficientnet_lite0``, which comes with an extra; ``timm/NAME``; or the path of an ONNX file
        with a TOML beside it (docs/backbones.md).

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
        weights = EXTRAS[name]() if name in EXTRAS else in_package.read_bytes()
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
