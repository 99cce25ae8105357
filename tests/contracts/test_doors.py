"""Imports go one way: a room imports only from floors below its own, and no files import each other in a circle."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import headstart

SOURCE = Path(headstart.__file__).parent
FLOORS = {
    "process": 1, "storage": 2, "evaluation": 2, "pixels": 3, "head": 3, "engine": 3, "report": 3, "backbone": 4,
    "catalog": 4, "classifier": 5, "features": 5, "exports": 6, "tune": 6, "scale": 7, "serve": 7, "methods": 8,
    "runs": 9, "inspection": 10, "training": 11, "cli": 12,
}  # fmt: skip
LOOSE = {"errors", "version"}  # files that every room may import
LARGEST_SHARE = 0.12  # of the lines that one room may have
FILES = sorted(SOURCE.rglob("*.py"))
MODULES = {".".join(("headstart", *path.relative_to(SOURCE).with_suffix("").parts)): path for path in FILES}


@cache
def list_modules(path: Path) -> set[str]:
    """Return the names of the modules that a file imports, wherever in the file it does."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            modules |= inside & MODULES.keys() or {node.module}
    return modules


def find_room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def list_rooms(path: Path) -> set[str]:
    """Return the names of the rooms that a file imports from."""
    return {name.split(".")[1] for name in list_modules(path) if name.startswith("headstart.")}


def test_every_room_has_a_floor():
    rooms = {find_room(path) for path in FILES if not path.name.startswith("__") or path.parent != SOURCE}
    assert rooms == set(FLOORS) | LOOSE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_come_from_below(path):
    room = find_room(path)
    if room in ("__init__", "__main__"):
        return  # the front doors open every room
    if room in LOOSE:
        assert not list_rooms(path)
        return
    for other in list_rooms(path) - {room} - LOOSE:
        assert FLOORS[other] < FLOORS[room], f"{room} (floor {FLOORS[room]}) imports {other} (floor {FLOORS[other]})"


def test_no_files_import_each_other_in_a_circle():
    graph = {name: list_modules(path) & MODULES.keys() - {name} for name, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_no_room_is_too_large():
    lines = dict.fromkeys(FLOORS, 0)
    for path in FILES:
        if find_room(path) in FLOORS:
            lines[find_room(path)] += len(path.read_text(encoding="utf-8").splitlines())
    assert max(lines.values()) <= LARGEST_SHARE * sum(lines.values()), lines


def test_ray_lives_in_one_room():
    files = [path for path in FILES if any(name.split(".")[0] == "ray" for name in list_modules(path))]
    assert {find_room(path) for path in files} == {"scale"}
