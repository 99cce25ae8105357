"""Read and check the TOML beside a user's ONNX file, which describes the input of the network."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from headstart.backbone.spec import COLOUR_ORDERS, PIXELS_CUT, is_showable
from headstart.errors import BackboneError
from headstart.storage.local_files import read_regular

# The conversion of pixels from 0 to 255. It is not in the file of a network, and it is not guessed.
ARITHMETIC = "either mean and std, one number or three each for pixels from 0 to 1, or value_range, two numbers"
EXAMPLE = "mean = [0.485, 0.456, 0.406] and std = [0.229, 0.224, 0.225], as torchvision has them"

SMALLEST_SIDE, LARGEST_SIDE = 16, 2048  # pixels of a photo
MAX_NAME = 60  # characters
LARGEST, SMALLEST = 1000.0, 0.01  # limit of a value, and of a difference: others are typing errors
LARGEST_FLOAT = 1e300  # a whole number in a TOML may be larger than any float


@dataclass(frozen=True, kw_only=True)
class UserSpec:
    """The TOML of a network. Facts that can be read from the network itself are optional.

    Attributes
    ----------
    name
        Name of the backbone. Default: the name of the file.
    mean, std
        Mean and standard deviation of pixels from 0 to 1: the network takes (pixel - mean) / std. Each is one number,
        or three for red, green and blue, for either ``colour_order``.
    value_range
        Values of pixels of 0 and 255, instead of ``mean`` and ``std``.
    colour_order
        Order of the channels in the input, ``RGB`` or ``BGR``.
    image_size
        Side of the square input in pixels, if the network takes any.
    input
        Name of the input, if the network has several.
    features
        Name of the layer whose output, (N, D), or its mean over (N, D, h, w), is the features. Default: the layer
        before the last linear one.
    stages
        Names of layers by the names of cuts, from the input on. Default: the last layer of each resolution.
    sha256
        SHA-256 of the ONNX file, in hex.
    url
        Address of the ONNX file, if it is not beside the TOML. It requires ``sha256``.
    licence, source, paper
        Origin of the weights, which the classifier file records.
    """

    name: str
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    value_range: tuple[float, ...] = ()
    colour_order: str = "RGB"
    image_size: int | None = None
    input: str | None = None
    features: str | None = None
    stages: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None
    url: str | None = None
    licence: str = "unknown"
    source: str = "a file of the user's own"
    paper: str = ""

    def describe(self) -> str:
        """Return a text that differs between any two specs, as the cache's key needs."""
        return repr(self).replace("UserSpec", "OwnSpec", 1)  # this class's name when the first keys were written

    def list_offsets(self) -> tuple[list[float], list[float]]:
        """Return the offset that is subtracted from pixels, and the divisor that follows: one or three numbers each."""
        if self.value_range:
            low, high = self.value_range
            scale = 255 / (high - low)
            return [-low * scale], [scale]
        return [255 * value for value in self.mean], [255 * value for value in self.std]


def read_user_spec(path: Path) -> UserSpec:
    """Read the TOML beside an ONNX file; raise BackboneError if it is missing, is no TOML, or has wrong entries."""
    try:
        record = tomllib.loads(read_regular(path).decode("utf-8-sig"))
    except FileNotFoundError:
        raise BackboneError(
            f"Cannot use a backbone of your own: got no '{path}', need it to describe the network's input. Write it "
            f"with {EXAMPLE}.",
            path=path,
        ) from None
    except OSError as error:
        raise BackboneError(f"Cannot read '{path}': {error.strerror or type(error).__name__}.", path=path) from None
    except (ValueError, RecursionError) as error:
        reason = f"it is no TOML ({ascii(str(error))[1:-1]:.80})"
        raise BackboneError(f"Cannot read '{path}': {reason}.", path=path) from None
    problems = _find_problems(record)
    if problems:
        raise BackboneError(f"Cannot use '{path}': {'; '.join(problems[:3])}.", path=path)
    numbers: dict[str, Any] = {
        key: _list_numbers(record[key]) for key in ("mean", "std", "value_range") if key in record
    }
    merged: dict[str, Any] = {"name": path.stem, **record, **numbers}
    return UserSpec(**merged)


def _find_problems(record: Mapping[str, Any]) -> list[str]:
    known = [field.name for field in fields(UserSpec)]
    problems = [f"unknown entry {name!a:.40}, known are {', '.join(known)}" for name in record if name not in known]
    for name in ("name", "colour_order", "input", "features", "sha256", "url", "licence", "source", "paper"):
        value = record.get(name, "text")
        if type(value) is not str or not is_showable(value) or (name == "name" and not value):
            problems.append(f"{name} {value!a:.40}, need a text without control characters")
    problems += _find_wrong_numbers(record)
    if record.get("colour_order", "RGB") not in COLOUR_ORDERS:
        problems.append(f"colour_order {record['colour_order']!a:.40}, need {' or '.join(COLOUR_ORDERS)}")
    size = record.get("image_size", 224)
    if type(size) is not int or not SMALLEST_SIDE <= size <= LARGEST_SIDE:
        problems.append(f"image_size, need a whole number of {SMALLEST_SIDE} to {LARGEST_SIDE}")
    problems += _find_wrong_names(record)
    digest = record.get("sha256")
    if type(digest) is str and not re.fullmatch("[0-9a-f]{64}", digest):
        problems.append(f"sha256 {digest!a:.40}, need 64 hex digits in lower case")
    if "url" in record and digest is None:
        problems.append("a url without sha256, which checks the download")
    return problems


def _find_wrong_names(record: Mapping[str, Any]) -> list[str]:
    stages, name = record.get("stages", {}), record.get("name", "")
    if type(stages) is not dict or not all(type(layer) is str for layer in stages.values()):
        return ["stages, need a table with the name of a layer for each cut"]
    problems = [
        f"stage {cut[:40]!a}, need another name without control characters"
        for cut in stages
        if not is_showable(cut) or not cut or cut in ("top", PIXELS_CUT)
    ]
    if type(name) is str and (len(name) > MAX_NAME or set(name) & set("/\\")):
        problems.append(f"name {name[:40]!a}, need {MAX_NAME} characters at most and no slash")
    return problems


def _find_wrong_numbers(record: Mapping[str, Any]) -> list[str]:
    given = {key for key in ("mean", "std", "value_range") if key in record}
    if given not in ({"mean", "std"}, {"value_range"}):
        got = f"only {', '.join(sorted(given))}" if given else "nothing"
        return [f"{got} about the scaling of pixels, need {ARITHMETIC}, such as {EXAMPLE}"]
    wrong = [key for key in sorted(given) if not _list_numbers(record[key])]
    if wrong:
        return [f"{wrong[0]} {record[wrong[0]]!a:.40}, which is no number; need {ARITHMETIC}"]
    mean, std, ends = (_list_numbers(record.get(key, [])) for key in ("mean", "std", "value_range"))
    if ends and not (len(ends) == 2 and -LARGEST <= ends[0] < ends[1] <= LARGEST and ends[1] - ends[0] >= SMALLEST):
        return [f"value_range {list(ends)}, need two numbers of which the second is larger, such as [-1, 1]"]
    if len(mean) not in (0, 1, 3) or len(std) not in (0, 1, 3) or any(value <= 0 for value in std):
        return [f"mean {list(mean)} and std {list(std)}, need one number or three each, and std above 0"]
    if any(value > 1 for value in (*mean, *std)):
        return [f"mean {list(mean)} and std {list(std)}, need values for pixels from 0 to 1: 127 becomes 0.498"]
    if any(value < 0 for value in mean) or any(value < SMALLEST for value in std):
        return [f"mean {list(mean)} and std {list(std)}, need a mean of 0 to 1 and a std of {SMALLEST} to 1"]
    return []


def _list_numbers(value: Any) -> tuple[float, ...]:
    """Return a number or a list of numbers as floats; nothing for any other value."""
    values = value if isinstance(value, list) else [value]
    if any(type(number) not in (int, float) or not abs(number) < math.inf for number in values):
        return ()
    return tuple(float(min(max(number, -LARGEST_FLOAT), LARGEST_FLOAT)) for number in values)
