"""OpenVINO is imported without its usage statistics, in one place, with one core that is never freed."""

import ast
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import headstart
from headstart.engine import openvino_import
from headstart.engine.openvino_import import compile_in_time
from headstart.errors import BackboneError

LOOK = """
import sys
from headstart.engine.openvino_import import import_openvino
openvino = import_openvino()
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
                if isinstance(node, ast.Attribute):  # a core that is freed frees the stack of signals
                    assert node.attr != "Core", path
                if isinstance(node, ast.Import):
                    assert "openvino" not in {alias.name for alias in node.names}, path


def test_a_signal_after_the_last_network_does_not_end_the_process():
    """A core that is freed would free the memory on which signals are handled."""
    code = """
import gc, os, signal
import numpy as np
from headstart.engine.openvino_import import get_core, import_openvino
from openvino import opset13
signal.signal(signal.SIGINT, lambda *_: print("heard"))
for _ in range(3):
    x = opset13.parameter([1], np.float32)
    get_core().compile_model(import_openvino().Model([opset13.relu(x)], [x]), "CPU")([np.ones(1, np.float32)])
    gc.collect()
    import mmap
    keep = [mmap.mmap(-1, 4096, prot=mmap.PROT_READ) for _ in range(100)]
    os.kill(os.getpid(), signal.SIGINT)
"""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "heard\n" * 3)


def test_a_forked_process_in_which_nothing_compiles_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(openvino_import, "was_forked", lambda: True)
    monkeypatch.setattr(openvino_import, "_stuck", set())
    assert compile_in_time(lambda: 7) == 7
    with pytest.raises(RuntimeError, match="its own error"):
        compile_in_time(lambda: (_ for _ in ()).throw(RuntimeError("its own error")))
    monkeypatch.setattr(openvino_import, "FORKED_LIMIT_S", 0.05)
    never = threading.Event()
    for _ in range(2):  # the second time it does not wait
        with pytest.raises(BackboneError, match="was forked while its parent computed"):
            compile_in_time(never.wait)
    never.set()


@pytest.mark.parametrize("n_stuck", [1, 3])
def test_a_forked_process_compiles_again_while_earlier_calls_wait(monkeypatch, n_stuck):
    monkeypatch.setattr(openvino_import, "was_forked", lambda: True)
    monkeypatch.setattr(openvino_import, "FIRST_WAIT_S", 0.02)
    never, calls = threading.Event(), []

    def compile_network():
        calls.append(threading.current_thread())
        if len(calls) <= n_stuck:
            never.wait()
        return "compiled"

    assert compile_in_time(compile_network) == "compiled"
    assert len(set(calls)) == n_stuck + 1
    never.set()
