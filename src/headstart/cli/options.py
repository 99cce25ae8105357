"""Types and options that several commands share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from headstart.classifier.refusal import AUTO
from headstart.errors import BackboneError
from headstart.storage.remote_paths import make_path

Command = TypeVar("Command", bound=Callable[..., Any])


class _PathOrUri(click.Path):
    """A path or a URI. An empty text, as from an unset shell variable, is refused: it would mean the current folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if value == "":
            self.fail("it is empty, need a path.", param, ctx)
        path: Path = super().convert(value, param, ctx)  # type: ignore[arg-type, assignment]
        return path if isinstance(value, Path) else make_path(str(value))


class _Quantity(click.ParamType[float]):
    """A number with a unit, such as ``90s`` or ``2.5GB``, converted to the first of its units."""

    def __init__(self, name: str, units: dict[str, float], example: str) -> None:
        self.name, self._units, self._example = name, units, example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-z]+)\s*", str(value).casefold())
        if match is None or match[2] not in self._units or not float(match[1]) > 0:
            self.fail(
                f"{value!r} is not a {self.name}, need a number above 0 and one of the units {', '.join(self._units)}, "
                f"such as {self._example}.", param, ctx,
            )  # fmt: skip
        return float(match[1]) * self._units[match[2]]


class _WholePercent(click.ParamType[int]):
    """A whole number of percent, such as ``20%`` or ``20``."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"\s*(\d{1,2})\s*%?\s*", str(value))
        if match is None:
            self.fail(f"{value!r} is not a share, need a whole number of percent below 100, such as 20%.", param, ctx)
        return int(match[1])


class _Fraction(click.ParamType[float]):
    """A share with decimals, such as ``99.5%``, ``99.5`` or ``0.995``, converted to a number from 0 to 1."""

    name, example = "share", "98%"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(%?)\s*", str(value))
        number = float(match[1]) if match else math.nan
        share = number / 100 if match and (match[2] or number > 1) else number
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is not a share, need one such as {self.example}.", param, ctx)
        return share


class _Refusal(_Fraction):
    """A share of the classifier's own photos that may be refused: ``1%``, ``auto``, or ``none``."""

    name, example = "refusal", "1%, or none"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        word = str(value).strip().casefold()
        if word in (AUTO, "none"):
            return AUTO if word == AUTO else 0.0
        share = super().convert(value, param, ctx)
        if share == 1:
            self.fail(f"{value!r} is all photos, need a share below 100%, such as 1%, or none.", param, ctx)
        return share


class _Level(_Fraction):
    """A share above 0% and below 100%, such as ``90%``."""

    example = "90%"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        share = super().convert(value, param, ctx)
        if not 0 < share < 1:
            self.fail(f"{value!r} cannot be promised, need a share above 0% and below 100%, such as 90%.", param, ctx)
        return share


class _Sizes(click.ParamType[int | str]):
    """A whole number, which stays one, or several with ``+`` between them, which stay a text."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        from headstart.backbone.names import parse_sizes

        try:
            sizes = parse_sizes(value)
        except BackboneError:
            self.fail(f"{value!r} is no whole number of pixels, such as 224, or 224+320.", param, ctx)
        return sizes[0] if len(sizes) == 1 else "+".join(map(str, sizes))


PATH = _PathOrUri()
SHARE = _WholePercent()
FRACTION = _Fraction()
METHOD = click.Choice(["auto", "fixed", "hybrid", "finetune", "scratch"])
TRACKER = click.Choice(["mlflow", "tensorboard"])
DURATION = _Quantity("time", {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}, "90s, 10m or 1h")
SIZE_GB = _Quantity("size", {"gb": 1.0, "mb": 1e-3, "tb": 1e3}, "500MB or 10GB")

_BACKBONE_HELP = (
    "Pretrained network: a name from headstart backbones, the path of an .onnx file with its .toml, or timm/NAME. "
    "Several with + between them, such as mobilenet_v2+efficientnet_lite2, are used side by side."
)
backbone_option = click.option("--backbone", default="mobilenet_v2", metavar="NAME", help=_BACKBONE_HELP)
trained_backbone_option = click.option(
    "--backbone", default="mobilenet_v2", metavar="NAME",
    help=f"{_BACKBONE_HELP} auto: mobilenet_v2, or efficientnet_lite1 beside it if cross-validation shows a gain.",
)  # fmt: skip
image_size_option = click.option(
    "--image-size", type=_Sizes(), metavar="N[+N]",
    help="Side of the network's input in pixels, 96 to 512. 224+320: the network in both sizes, its features side by "
    "side; with several networks, one size for each.  [default: the network's, 224]",
)  # fmt: skip
depth_option = click.option(
    "--depth", type=click.IntRange(8, 16), default=16,
    help="Bits of the values in PNG and TIFF files with 16 bits a sample: 12 if 4095 is white.",
)  # fmt: skip
ray_option = click.option(
    "--ray", metavar="ADDRESS",
    help="Ray cluster to work on: its address, auto for the cluster of this machine, or local for a new Ray on this "
    "machine.",
)  # fmt: skip
layout_option = click.option(
    "--layout", type=click.Choice(["auto", "outer", "inner"]), default="auto",
    help="Which folders are the classes, if folders lie in folders. outer: the outermost, or those in the folders of "
    "the splits. inner: those that hold the photos. auto: the outermost, if that is clear; else an error.",
)  # fmt: skip
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the run folder if it exists.")
precision_option = click.option(
    "--precision", type=click.Choice(["auto", "f32", "bf16"]), default="auto",
    help="Precision of the computation. f32 gives exactly the answers of other ONNX runtimes. An int8 classifier "
    "always computes in int8.",
)  # fmt: skip

refuse_option = click.option(
    "--refuse", type=_Refusal(), default=AUTO, metavar="SHARE",
    help="Share of the classifier's own photos that may be refused: photos stranger than all but 1%, or 0.01, of them "
    "get the answer 'none of these'. none: refuse no photo. auto: 1% if there were enough photos to tell, else 5%, "
    "else none.",
)  # fmt: skip
sets_option = click.option(
    "--sets", type=_Level(), metavar="LEVEL",
    help="Also give label sets, such as 'glass or metal': the right label is in 90%, or 0.9, of them.",
)  # fmt: skip


group_from_option = click.option(
    "--group-from", metavar="PATTERN",
    help="What gives the photos their groups. Each group stays in one split, and the report tells the accuracy on new "
    "groups. camera: make, model and serial number in the Exif data. folder: the folder below the class folder. Else a "
    "regular expression on the path, such as '(site[0-9]+)'.",
)  # fmt: skip


evaluated_group_option = click.option(
    "--group-from", metavar="PATTERN",
    help="What gives the photos their groups, to tell the accuracy on each. camera: make, model and serial number in "
    "the Exif data. folder: the folder below the class folder. Else a regular expression on the path, such as "
    "'(site[0-9]+)'.",
)  # fmt: skip


advised_group_option = click.option(
    "--group-from", metavar="PATTERN",
    help="What gives the photos their groups, so that each is judged without its group. camera: make, model and serial "
    "number in the Exif data. folder: the folder below the class folder. Else a regular expression on the path, such "
    "as '(site[0-9]+)'.",
)  # fmt: skip


def column_options(command: Command) -> Command:
    """Add the options that name columns of a table."""
    for name, content in (
        ("group", "the photo's group, such as its patient"), ("label", "the class"), ("path", "the photo's path"),
    ):  # fmt: skip
        help_text = f"Column of a table that has {content}.  [default: found by its name]"
        command = click.option(f"--{name}-column", metavar="NAME", help=help_text)(command)
    return command


def json_option(help_text: str = "Print one JSON object on stdout.") -> Callable[[Command], Command]:
    """Return the option ``--json``; the command receives it as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help=help_text)
