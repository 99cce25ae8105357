"""What several verbs take from the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from headstart.storage.remote_paths import make_path

Command = TypeVar("Command", bound=Callable[..., Any])


class _Place(click.Path):
    """A path or a URI. An empty one is refused: a shell variable that is not set, it would mean the current folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if value == "":
            self.fail("it is empty, need a path.", param, ctx)
        path: Path = super().convert(value, param, ctx)  # type: ignore[arg-type, assignment]
        return path if isinstance(value, Path) else make_path(str(value))


class _Amount(click.ParamType[float]):
    """A number with a unit, such as ``90s`` or ``2.5GB``; it becomes a number of the first unit."""

    def __init__(self, name: str, units: dict[str, float], example: str) -> None:
        self.name = name
        self._units = units
        self._example = example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-z]+)\s*", str(value).casefold())
        if match is None or match[2] not in self._units or not float(match[1]) > 0:
            self.fail(
                f"{value!r} is no {self.name}, need a number above 0 and one of the units {', '.join(self._units)}, "
                f"such as {self._example}.", param, ctx,
            )  # fmt: skip
        return float(match[1]) * self._units[match[2]]


PLACE = _Place()
METHOD = click.Choice(["auto", "fixed", "hybrid", "finetune", "scratch"])
TRACKER = click.Choice(["mlflow", "tensorboard"])
DURATION = _Amount("time", {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}, "90s, 10m or 1h")
SIZE_GB = _Amount("size", {"gb": 1.0, "mb": 1e-3, "tb": 1e3}, "500MB or 10GB")

backbone_option = click.option(
    "--backbone", default="mobilenet_v2", metavar="NAME",
    help="The pretrained network: a name, the path of an .onnx file with its .toml, or timm/NAME; headstart backbones "
    "lists them.",
)  # fmt: skip
image_size_option = click.option(
    "--image-size", type=int,
    help="Side of the network's input in pixels, 96 to 512.  [default: the backbone's, 224]",
)  # fmt: skip
ray_option = click.option(
    "--ray", metavar="ADDRESS",
    help="Work on a Ray cluster: its address, auto for the one that this machine belongs to, or local for a Ray of its "
    "own on this machine.",
)  # fmt: skip
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the run folder if it exists.")
# of the verbs that use a classifier
precision_option = click.option(
    "--precision", type=click.Choice(["auto", "f32", "bf16"]), default="auto",
    help="f32 answers exactly as other ONNX runtimes do. An int8 classifier always computes in int8.",
)  # fmt: skip


def json_option(what: str = "Print one JSON object on stdout.") -> Callable[[Command], Command]:
    """Return the option ``--json``, which the verb gets as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help=what)
