"""Output of the command line: messages on stderr, results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence, Sized
from typing import Any

from headstart.process.terminal_text import escape_controls, escape_name


def say(message: str) -> None:
    """Print a message for the user on stderr."""
    print(escape_controls(message), file=sys.stderr, flush=True)  # noqa: T201


def say_note(note: object) -> None:
    """Print a note on one line of stderr: a file name in it may have ends of lines."""
    say(f"Note: {escape_name(str(note))}")


def print_json(record: Any) -> None:
    """Print one JSON object on stdout."""
    print(json.dumps(record, indent=2, allow_nan=False))  # noqa: T201


def print_line(line: str) -> None:
    """Print a line of a result on stdout."""
    print(escape_controls(line))  # noqa: T201


def say_left_out(skipped: Sequence[Mapping[str, Any]], place: str) -> None:
    """Say how many files were left out, and which place lists them."""
    if skipped:
        name = escape_name(skipped[0]["path"])
        say(f"{count_files(skipped)} left out, such as '{name}': {skipped[0]['reason']}. {place} lists them.")


def count_files(files: Sized) -> str:
    """Return the number of files with its noun."""
    return "1 file" if len(files) == 1 else f"{len(files):,} files"
