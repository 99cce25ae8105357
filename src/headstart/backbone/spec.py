"""The spec of a backbone: weights and preprocessing are one record, and this is the record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from headstart.errors import BackboneError


@dataclass(frozen=True, slots=True)
class Stage:
    """One link of the network's chain: a place where it may be cut.

    Attributes
    ----------
    name
        The stage's name, as users type it.
    tensor
        The name of its output in the ONNX graph, (N, ``n_channels``, H / ``stride``, W / ``stride``) float32.
    n_channels, stride
        Channels of that output, and input pixels per output position along a side.
    """

    name: str
    tensor: str
    n_channels: int
    stride: int


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """What must be known to compute a backbone's features, and where they come from.

    Attributes
    ----------
    weights_sha256
        SHA-256 of the ONNX file that holds the weights, in hex.
    n_features, n_parameters
        Numbers in the pooled output; learned numbers in the network.
    image_size, min_image_size, max_image_size
        Default and allowed side of the square input, in pixels.
    colour_order, value_range
        What the first convolution sees. The graph itself takes uint8 pixels and does this arithmetic.
    resize
        How a photo becomes a square: ``stretch`` (both sides scaled, bicubic with antialiasing, nothing cut off).
    stages
        From the input to the output.
    n_float32_stages
        So many of the first stages do not bear bf16: they are computed in float32 even where the rest is not.
    """

    name: str
    weights_sha256: str
    n_features: int
    n_parameters: int
    image_size: int
    min_image_size: int
    max_image_size: int
    colour_order: str
    value_range: tuple[float, float]
    resize: str
    stages: tuple[Stage, ...]
    n_float32_stages: int
    licence: str
    source: str
    paper: str

    def check_image_size(self, size_px: int) -> int:
        """Return ``size_px``; raise BackboneError if the network does not work at it."""
        if not self.min_image_size <= size_px <= self.max_image_size:
            raise BackboneError(
                f"Cannot use image size {size_px}: {self.name} needs {self.min_image_size} to "
                f"{self.max_image_size} pixels. Leave it out for the default of {self.image_size}."
            )
        return size_px

    @property
    def float32_below(self) -> str | None:
        """The name of the layer where the stages end that do not bear bf16, or None if all do."""
        return self.stages[self.n_float32_stages - 1].tensor if self.n_float32_stages else None

    def fingerprint(self) -> str:
        """Return a SHA-256 in hex over everything that changes an answer, and nothing that only describes."""
        decisive = (self.weights_sha256, self.colour_order, list(self.value_range), self.resize, self.float32_below)
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON types."""
        record: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> BackboneSpec:
        """Rebuild a spec from `to_dict`; raise BackboneError if a field is missing or unknown."""
        try:
            stages = tuple(Stage(**stage) for stage in record["stages"])
            low, high = record["value_range"]
            return cls(**{**record, "stages": stages, "value_range": (low, high)})
        except (KeyError, TypeError, ValueError) as error:
            raise BackboneError(f"Cannot read a backbone's spec: {error}.") from None
