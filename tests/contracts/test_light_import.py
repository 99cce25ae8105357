"""Importing does nothing: no heavy package, no thread, no setting."""

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "ray",
    "matplotlib",
    "openvino",
    "pandas",
    "fastapi",
    "numpy",
    "scipy",
    "sklearn",
    "onnx",
    "PIL",
    "jinja2",
)


def list_loaded(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return {name.split(".")[0] for name in printed.split()}


def test_the_front_door_opens_no_room():
    assert not list_loaded("import headstart") & set(HEAVY)


def test_help_loads_nothing_heavy():
    code = "import contextlib, io, headstart.cli.main as a, sys\nsys.argv = ['headstart', '--help']\n"
    code += "a.os._exit = lambda status: None\nwith contextlib.redirect_stdout(io.StringIO()) as said: a.main()\n"
    code += "assert 'train' in said.getvalue()"
    assert not list_loaded(code) & set(HEAVY)


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("headstart.classifier.classifier", {"numpy"}),
        ("headstart.training.train", {"numpy"}),
        ("headstart.report.page", {"numpy"}),
        ("headstart.report.chart_process", {"numpy"}),
    ],
)
def test_rooms_load_heavy_packages_where_they_are_used(module, allowed):
    assert not list_loaded(f"import {module}") & set(HEAVY) - allowed


def test_no_thread_is_started():
    code = "import threading, headstart.training.train; assert threading.active_count() == 1"
    subprocess.run([sys.executable, "-c", code], check=True)
