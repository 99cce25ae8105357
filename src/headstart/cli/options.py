"""What several verbs take from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class _Place(click.Path):
    """A path. An empty one is refused: it is a shell variable that is not set, and would mean the current folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if value == "":
            self.fail("it is empty, need a path.", param, ctx)
        path: Path = super().convert(value, param, ctx)  # type: ignore[arg-type, assignment]
        return path


PLACE = _Place()

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the run folder if it exists.")
# of the verbs that use a classifier
precision_option = click.option(
    "--precision", type=click.Choice(["auto", "f32", "bf16"]), default="auto",
    help="f32 answers exactly as other ONNX runtimes do. An int8 classifier always computes in int8.",
)  # fmt: skip


def json_option(what: str = "Print one JSON object on stdout.") -> Callable[[Command], Command]:
    """Return the option ``--json``, which the verb gets as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help=what)
