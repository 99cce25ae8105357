"""What is asked of every test file: an expected error or warning is told by its message."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("test_*.py"))
EXPECTATIONS = {"raises", "warns", "deprecated_call"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_expected_errors_and_warnings_have_a_match(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    for call in calls:
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr in EXPECTATIONS and len(call.args) == 1:
            is_pytest = isinstance(function.value, ast.Name) and function.value.id == "pytest"
            is_quiet = isinstance(call.args[0], ast.Name) and call.args[0].id in ("KeyboardInterrupt", "SystemExit")
            has_match = any(keyword.arg == "match" for keyword in call.keywords)
            assert not is_pytest or is_quiet or has_match, f"{path.name}:{call.lineno} expects without match="
