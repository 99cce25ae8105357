"""Missing extras are named; importing the room changes nothing; a training limits spinning before torch is imported."""

import os
import subprocess
import sys

import pytest

from headstart.errors import MissingExtraError
from headstart.tune import torch_import


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(torch_import, "PACKAGES", ("no_torch", "numpy"))
    assert not torch_import.can_tune()
    with pytest.raises(
        MissingExtraError, match=r"Cannot train by hybrid: got no package 'no_torch', need it.*headstart\[tune\]"
    ):
        torch_import.check_torch("train by hybrid")


VARIABLES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


def run_python(script, **variables):
    plain = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return subprocess.run(
        [sys.executable, "-c", script], env=plain | variables, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.slow
def test_importing_the_room_leaves_the_environment_unchanged():
    script = """
import os, pkgutil, torch
before = dict(os.environ)
import headstart.tune
for module in pkgutil.walk_packages(headstart.tune.__path__, "headstart.tune."):
    __import__(module.name)
assert dict(os.environ) == before
"""
    run_python(script)


def test_torch_import_does_not_import_torch():
    run_python("import headstart.tune.torch_import, sys; assert 'torch' not in sys.modules")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "1000"),
        ({"GOMP_SPINCOUNT": "7"}, "7"),  # a user's own choice stays
        ({"OMP_WAIT_POLICY": "active"}, "None"),
    ],
)
def test_spinning_is_limited_unless_the_user_chose(variables, expected):
    script = "import os, headstart.tune.torch_import as t; t.limit_spinning(); print(os.environ.get('GOMP_SPINCOUNT'))"
    assert run_python(script, **variables) == expected


def test_once_torch_is_imported_the_environment_is_left_alone(monkeypatch):
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    monkeypatch.setitem(sys.modules, "torch", object())
    torch_import.limit_spinning()
    assert "GOMP_SPINCOUNT" not in os.environ


@pytest.mark.parametrize("build", ["with torch's CPU build, 0.9 GB", ""])
def test_the_error_has_the_command_of_the_machine(monkeypatch, build):
    monkeypatch.setattr(torch_import, "name_torch_command", lambda _: ("install torch", build))
    monkeypatch.setattr(torch_import, "is_installed", lambda package: package != "torch")
    told = f" ({build})" if build else ""
    with pytest.raises(MissingExtraError, match="need it") as raised:
        torch_import.check_torch("train by hybrid")
    assert str(raised.value) == (
        f"Cannot train by hybrid: got no package 'torch', need it. Install it with: install torch{told}"
    )
