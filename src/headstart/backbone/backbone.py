"""A backbone: a spec and the network that it describes."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.backbone.spec import BackboneSpec


@dataclass(frozen=True, slots=True)
class Backbone:
    """A spec and the ONNX bytes it describes.

    Attributes
    ----------
    is_quantised
        Whether they compute in int8, and in nothing else: see `quantise_backbone`.
    """

    spec: BackboneSpec
    weights: bytes
    is_quantised: bool = False
