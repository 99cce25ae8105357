"""The fuzzing tool runs, names the case that fails, and gives the same case again."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "fuzz"


def run_tool(folder, *options):
    command = [sys.executable, str(TOOL), *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_some_damaged_photos_are_answered(tmp_path):
    done = run_tool(tmp_path, "--photos", "60", "--classifiers", "0", "--sources", "0", "--seed", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "photos: 60 cases" in done.stdout
    assert "faults 0" in done.stdout


@pytest.mark.slow
def test_a_case_can_be_run_alone(tmp_path):
    outcomes = [run_tool(tmp_path, "--case", "photos:7").stderr[-300:] for _ in range(2)]
    assert outcomes[0] == outcomes[1]
