"""The file of a statement of `forget_photos`: written before photos are removed, and written anew after it.

So a statement that cannot be written stops the removal, and a removal that is stopped leaves a statement that says so.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from contextlib import ExitStack
from pathlib import Path

from headstart.errors import CacheError
from headstart.storage.local_files import delete_file, write_safely, write_text_safely
from headstart.training.forget_statement import Forgotten, name_list

KINDS = (".json", ".txt")
SPARE_BYTES = 20_000  # reserved, beside three times the bytes of the statement before the removal


def choose_statement(time: str) -> Path:
    """Return ``headstart-forget-TIME.json`` in the working folder, or the first free one of ``TIME-2`` and so on.

    Several commands may end in one second.
    """
    path = first = Path(f"headstart-forget-{time}.json")
    for number in itertools.count(2):
        if not path.exists() and not _list_names(path):
            break
        path = first.with_stem(f"{first.stem}-{number}")
    return path


def _list_names(path: Path) -> list[Path]:
    """Return the files that have the name of a list of photos beside a statement."""
    name = re.compile(rf"{re.escape(path.stem)}-\d+\.txt")
    return [one for one in path.parent.iterdir() if name.fullmatch(one.name)] if path.parent.is_dir() else []


def check_statement(path: Path) -> None:
    """Raise CacheError if the name of a statement cannot be used."""
    problem = None
    if path.suffix not in KINDS:
        problem = f"got a name that ends in '{path.suffix}', need one of {', '.join(KINDS)}"
    elif path.exists() or _list_names(path):
        problem = "it exists, or its list of photos; a statement is not overwritten"
    elif not path.parent.is_dir():
        problem = f"there is no folder '{path.parent}'"
    if problem is not None:
        raise CacheError(f"Cannot write '{path}': {problem}. Nothing was removed. Give another --out.", path=path)


def reserve_statement(path: Path, forgotten: Forgotten) -> None:
    """Write a statement before the removal, with room for what will be in it, and the lists of photos beside it.

    Raises
    ------
    CacheError
        If a file cannot be written. None of them is left.
    """
    content = _render(path, forgotten)
    with ExitStack() as written:
        try:
            for number, digests in forgotten.lists:
                name = name_list(path, number)
                written.callback(delete_file, name)
                with write_text_safely(name) as file:
                    file.writelines(f"{digest}\n" for digest in digests)
            with path.open("xb") as stream:  # not the file of another command that began in the same second
                written.callback(delete_file, path)
                stream.write(content + b" " * (2 * len(content) + SPARE_BYTES) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise CacheError(
                f"Cannot write '{path}': {error.strerror or error}. Nothing was removed. Free space or give another "
                "--out.", path=path,
            ) from None  # fmt: skip
        written.pop_all()


def finish_statement(path: Path, forgotten: Forgotten) -> None:
    """Write a statement after the removal in place of that from before it.

    Raises
    ------
    CacheError
        If it cannot be written. The photos are removed all the same.
    """
    content = _render(path, forgotten)
    try:
        try:
            with write_safely(path) as file:
                file.write(content)
        except OSError:  # a full disk: the file of before has room
            with path.open("r+b") as stream:
                stream.write(content)
                stream.truncate()
                stream.flush()
                os.fsync(stream.fileno())
    except OSError as error:
        raise CacheError(
            f"Cannot write '{path}': {error.strerror or error}. The photos were removed. Run the same command with "
            "another --out for a statement of what holds them still.", path=path,
        ) from None  # fmt: skip


def _render(path: Path, forgotten: Forgotten) -> bytes:
    """Return the content of a statement: text if the name ends in ``.txt``, else JSON."""
    if path.suffix == ".txt":
        text = "\n".join(forgotten.describe(path, with_photos=True))
    else:
        text = json.dumps(forgotten.to_dict(), indent=2)
    return f"{text}\n".encode(errors="surrogateescape")
