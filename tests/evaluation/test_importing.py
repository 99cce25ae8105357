"""Importing the room costs nothing but numpy."""

import subprocess
import sys

HEAVY = "pandas matplotlib scipy sklearn jinja2 PIL openvino onnx"


def test_importing_brings_nothing_heavy():
    program = (
        "import sys, headstart.evaluation.report, headstart.evaluation.artist; "
        f"print([m for m in '{HEAVY}'.split() if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
