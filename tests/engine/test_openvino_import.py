"""OpenVINO comes in without its converter, which would call home; and nothing else opens it."""

import ast
import subprocess
import sys
from pathlib import Path

import headstart

LOOK = """
import sys
from headstart.engine.openvino_import import open_openvino
openvino = open_openvino()
print("openvino_telemetry" in sys.modules, "urllib.request" in sys.modules, openvino.Core is not None)
print(callable(openvino.convert_model), hasattr(openvino, "nothing"))
"""


def test_nothing_that_sends_statistics_is_imported():
    answer = subprocess.run([sys.executable, "-c", LOOK], check=True, capture_output=True, text=True).stdout
    assert answer.split() == ["False", "False", "True", "True", "False"]


def test_no_other_file_imports_openvino_or_makes_a_core():
    source = Path(headstart.__file__).parent
    for path in source.rglob("*.py"):
        if path.name == "openvino_import.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute):  # a core that goes takes the stack of signals with it
                    assert node.attr != "Core", path
                if isinstance(node, ast.Import):
                    assert "openvino" not in {alias.name for alias in node.names}, path


def test_a_signal_after_the_last_network_ends_no_process():
    """A core that goes takes the memory with it on which signals are handled."""
    code = """
import gc, os, signal
import numpy as np
from headstart.engine.openvino_import import open_core, open_openvino
from openvino import opset13
signal.signal(signal.SIGINT, lambda *_: print("heard"))
for _ in range(3):
    x = opset13.parameter([1], np.float32)
    open_core().compile_model(open_openvino().Model([opset13.relu(x)], [x]), "CPU")([np.ones(1, np.float32)])
    gc.collect()
    import mmap
    keep = [mmap.mmap(-1, 4096, prot=mmap.PROT_READ) for _ in range(100)]
    os.kill(os.getpid(), signal.SIGINT)
"""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "heard\n" * 3)
