"""Paths on the command line."""

from __future__ import annotations

from pathlib import Path

import click


class Place(click.Path):
    """A path. An empty one is refused: it is a shell variable that is not set, and would mean the current folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        if value == "":
            self.fail("it is empty, need a path.", param, ctx)
        path: Path = super().convert(value, param, ctx)  # type: ignore[arg-type, assignment]
        return path


PLACE = Place()
