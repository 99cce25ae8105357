"""The spec of a backbone: one record of its weights, its preprocessing and its stages."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import accumulate, pairwise
from typing import Any

from headstart.errors import BackboneError

# What this version supports. The network's graph itself changes the order of colours and the range of values.
COLOUR_ORDERS = ("RGB", "BGR")
RESIZES = ("stretch",)
MAX_PARTS = 3  # networks side by side
PIXELS_CUT = "pixels"  # the cut before the first stage: nothing is frozen


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the network, at whose end it may be cut.

    Attributes
    ----------
    name
        Name of the stage, as users type it.
    tensor
        Name of the stage's output in the ONNX graph, (N, ``n_channels``, H / ``stride``, W / ``stride``) float32.
    n_channels, stride
        Channels of that output, and input pixels per output position along a side.
    """

    name: str
    tensor: str
    n_channels: int
    stride: int


@dataclass(frozen=True, slots=True)
class Part:
    """One of several networks side by side in a backbone.

    Attributes
    ----------
    name
        Name of the network, as users type it.
    image_size
        Side of its input in pixels. The graph scales the photo to it.
    n_stages
        Number of its stages.
    """

    name: str
    image_size: int
    n_stages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneSpec:
    """Everything that determines the features of a backbone, and the origin of its weights.

    Attributes
    ----------
    name
        Name of the backbone, as users type it.
    weights_sha256
        SHA-256 of the ONNX file with the weights, in hex.
    n_features, n_parameters
        Number of features per photo, and of learned parameters in the network.
    image_size, min_image_size, max_image_size
        Default, smallest and largest side of the square input, in pixels.
    colour_order, value_range
        Input of the network's first layer: the order of the channels, and the values of pixels of 0 and 255, the
        lowest and the highest over the channels. The graph takes uint8 RGB pixels and converts them itself. Of several
        networks: RGB and 0 to 255.
    resize
        How a photo becomes a square: ``stretch`` (both sides scaled, bicubic with antialiasing, nothing cut off).
    stages
        Stages of the network, from its input to its output. Of several networks: those of each in turn.
    n_float32_stages
        Number of first stages that are computed in float32 where the rest is in bf16, which they do not tolerate. Of
        several networks: of each.
    licence, source, paper
        Licence of the weights, where they come from, and the paper that describes the network.
    parts
        Networks side by side, whose features are joined in this order. Empty for one network.
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
    parts: tuple[Part, ...] = ()

    def check_image_size(self, size_px: int | None) -> int:
        """Return ``size_px``, or the default for None; raise BackboneError if the network does not take this size."""
        if size_px is None:
            return self.image_size
        low, high = self.min_image_size, self.max_image_size
        if not low <= size_px <= high:
            needed = f"{low} to {high}" if low < high else "exactly " + str(low)
            raise BackboneError(
                f"Cannot use image size {size_px}: {self.name} needs {needed} pixels. Leave it out for the default of "
                f"{self.image_size}."
            )
        return size_px

    @property
    def stages_by_network(self) -> tuple[tuple[Stage, ...], ...]:
        """The stages of each network."""
        ends = list(accumulate((part.n_stages for part in self.parts), initial=0))
        return tuple(self.stages[start:end] for start, end in pairwise(ends)) or (self.stages,)

    @property
    def last_stages(self) -> tuple[Stage, ...]:
        """The last stage of each network."""
        return tuple(stages[-1] for stages in self.stages_by_network)

    @property
    def n_last_features(self) -> int:
        """Number of features of the last stages, which are the last of all features."""
        return min(sum(stage.n_channels for stage in self.last_stages), self.n_features)

    @property
    def float32_below(self) -> tuple[str, ...]:
        """Names of the layers that end the float32 stages, one for each network; none if there are no such stages."""
        n = self.n_float32_stages
        return tuple(stages[min(n, len(stages)) - 1].tensor for stages in self.stages_by_network) if n else ()

    def list_sides(self, image_size: int) -> list[int]:
        """Return the side of each stage's output, (side, side) places, for photos of this size in pixels."""
        sizes = [part.image_size for part in self.parts] or [image_size]
        pairs = zip(sizes, self.stages_by_network, strict=True)
        return [-(-size // stage.stride) for size, stages in pairs for stage in stages]

    def find_stage(self, name: str) -> Stage:
        """Return the stage of this name; raise BackboneError if there is none."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        names = [PIXELS_CUT, *(stage.name for stage in self.stages)]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"Its cuts are {', '.join(names)}."
        raise BackboneError(f"Cannot cut {self.name} at {name!r}: it has no stage of this name. {hint}")

    @property
    def default_cut(self) -> str:
        """Cut of ``hybrid``: before the last halving of the resolution. Most of the weights are above it."""
        maps = [stage for stage in self.stages if stage.tensor != "features"]  # the last stage may end in a vector
        below = [stage.name for stage in maps if stage.stride < maps[-1].stride]
        return below[-1] if below else PIXELS_CUT

    def fingerprint(self) -> str:
        """Return a SHA-256 in hex over every field that changes features; names and origins are left out."""
        below: Any = self.float32_below
        if not self.parts:  # as versions that knew one network only, whose caches stay valid
            below = below[0] if below else None
        decisive = (self.weights_sha256, self.colour_order, list(self.value_range), self.resize, below)
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON types. That of one network has no ``parts``, as in earlier versions."""
        record: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        if not self.parts:
            del record["parts"]
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> BackboneSpec:
        """Rebuild a spec from `to_dict`; raise BackboneError if a field is missing, unknown or out of its range."""
        record = {"parts": []} | dict(record) if isinstance(record, Mapping) else record
        problems = find_problems(record, cls) or _find_spec_problems(record)
        if problems:
            raise BackboneError(f"Cannot read a backbone's spec: {'; '.join(problems[:3])}.")
        low, high = record["value_range"]
        stages = tuple(Stage(**stage) for stage in record["stages"])
        parts = tuple(Part(**part) for part in record["parts"])
        return cls(**{**record, "stages": stages, "parts": parts, "value_range": (low, high)})


def find_problems(record: Any, kind: type) -> list[str]:
    """List what a record from JSON lacks to become a dataclass: missing and unknown fields, and wrong types.

    Values for ``str`` and ``int`` must have exactly this type, values for tuples must be lists. The caller checks
    fields of other types.

    Examples
    --------
    >>> find_problems({"name": "top", "tensor": "out", "n_channels": True, "strides": 2}, Stage)
    ['no stride', "unknown field 'strides'", 'n_channels True, need an int']
    """
    if not isinstance(record, Mapping):
        return [f"{record!r:.40}, need an object with the fields of {kind.__name__}"]
    types = {field.name: str(field.type).partition("[")[0] for field in fields(kind)}
    problems = [f"no {name}" for name in types if name not in record]
    problems += [f"unknown field {name!r:.40}" for name in record if name not in types]
    plain = {"str": str, "int": int, "tuple": list}
    for name, value in record.items():
        wanted = plain.get(types.get(name, ""))
        if wanted is not None and type(value) is not wanted:  # a bool is an int to isinstance
            article = "an" if wanted is int else "a"
            problems.append(f"{name} {value!r:.40}, need {article} {wanted.__name__}")
        elif wanted is str and not is_showable(value):
            problems.append(f"{name} {value!a:.40}, need characters that can be shown")
    return problems


def is_showable(text: str) -> bool:
    """Say whether a text has no control characters and no lone surrogates, so that it may be printed to a terminal."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def _find_spec_problems(record: Mapping[str, Any]) -> list[str]:
    kinds = (("stage", "stages", Stage), ("part", "parts", Part))
    broken = [
        f"a {name} with {problem}"
        for name, field, kind in kinds
        for one in record[field]
        for problem in find_problems(one, kind)
    ]
    if broken:
        return broken
    problems = [
        f"{name} {record[name]!r:.40}, which this version cannot do: it knows {', '.join(known)}"
        for name, known in (("colour_order", COLOUR_ORDERS), ("resize", RESIZES))
        if record[name] not in known
    ]
    ends = record["value_range"]
    if any(type(end) is not float for end in ends) or len(ends) != 2 or not -math.inf < ends[0] < ends[1] < math.inf:
        problems.append(f"value_range {ends!r:.40}, need two floats of which the second is larger")
    if not re.fullmatch("[0-9a-f]{64}", record["weights_sha256"]):
        problems.append(f"weights_sha256 {record['weights_sha256']!r:.40}, need 64 hex digits")
    if not record["name"]:
        problems.append("an empty name")
    numbers = [record["n_features"], record["n_parameters"]]
    if min(numbers + [number for stage in record["stages"] for number in (stage["n_channels"], stage["stride"])]) < 1:
        problems.append("a number of features, parameters, channels or a stride below 1")
    if not 1 <= record["min_image_size"] <= record["image_size"] <= record["max_image_size"]:
        problems.append("an image size outside its own range")
    if not 0 <= record["n_float32_stages"] <= len(record["stages"]):
        problems.append(f"{record['n_float32_stages']} float32 stages of {len(record['stages'])}")
    return problems + _find_part_problems(record)


def _find_part_problems(record: Mapping[str, Any]) -> list[str]:
    """List what is wrong about the networks side by side."""
    parts = record["parts"]
    if not parts:
        return []
    if len(parts) not in range(2, MAX_PARTS + 1):
        return [f"{len(parts)} networks side by side, need 2 to {MAX_PARTS}"]
    numbers = [part["n_stages"] for part in parts]
    problems = []
    if min(numbers) < 1 or sum(numbers) != len(record["stages"]):
        problems.append(f"networks of {', '.join(map(str, numbers))} stages for {len(record['stages'])} in all")
    sizes = [part["image_size"] for part in parts]
    if min(sizes) < 1 or {max(sizes)} != {record[name] for name in ("min_image_size", "image_size", "max_image_size")}:
        problems.append(f"networks for {', '.join(map(str, sizes))} pixels in one of another image size")
    return problems
