"""Imports go one way: a room imports only from floors below its own."""

import ast
from pathlib import Path

import pytest

import headstart

SOURCE = Path(headstart.__file__).parent
FLOORS = {
    "head": 1, "evaluation": 1, "pixels": 2, "backbone": 2, "catalog": 3, "classifier": 3, "features": 4, "tune": 5,
    "exports": 5, "scale": 6, "serve": 6, "training": 7, "cli": 8,
}  # fmt: skip
# single files that any room may import
FREE = {
    "cores", "errors", "folders", "installed", "large_arrays", "places", "progress", "shards", "shelf", "stopping",
    "version",
}  # fmt: skip
FILES = sorted(SOURCE.rglob("*.py"))


def list_modules(path: Path) -> set[str]:
    """Names of the modules that a file imports, wherever in the file it does."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
    return modules


def list_imports(path: Path) -> set[str]:
    """Names of the rooms that a file imports from."""
    return {name.split(".")[1] for name in list_modules(path) if name.startswith("headstart.")}


def test_every_room_has_a_floor():
    rooms = {path.stem if path.is_file() else path.name for path in SOURCE.iterdir() if not path.name.startswith("__")}
    assert rooms - {"py.typed", "py"} == set(FLOORS) | FREE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_come_from_below(path):
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    if room in ("__init__", "__main__"):
        return  # the front doors open every room
    if room in FREE:
        assert list_imports(path) <= FREE
        return
    for other in list_imports(path) - {room} - FREE:
        assert FLOORS[other] < FLOORS[room], f"{room} (floor {FLOORS[room]}) imports {other} (floor {FLOORS[other]})"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_ray_lives_in_one_room():
    files = [path for path in FILES if any(name.split(".")[0] == "ray" for name in list_modules(path))]
    assert {path.relative_to(SOURCE).parts[0] for path in files} == {"scale"}
