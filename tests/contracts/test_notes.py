"""Every code of a note or a warning is explained in docs/notes.md, and nothing else is."""

import ast
import re
from pathlib import Path

import headstart
from headstart import errors
from headstart.evaluation.notes import PAGE, UNKNOWN, Note

SOURCE = Path(headstart.__file__).parent
ROOT = Path(__file__).parents[2]
SEVERITIES = {"info", "warning"}


def list_note_calls() -> list[list[object]]:
    """Return the arguments of every ``Note(...)`` in the source; None where one is no constant."""
    return [
        [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Note"
    ]


def list_warning_codes() -> set[str]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Warning)]
    return {kind.code for kind in kinds}


def test_every_code_has_a_section_and_every_section_a_code():
    sections = set(re.findall(r"^### (\S+)$", (ROOT / PAGE).read_text(encoding="utf-8"), re.MULTILINE))
    noted = {code for code, *_ in list_note_calls() if isinstance(code, str)}
    assert len(noted) > 20
    assert noted | list_warning_codes() | {UNKNOWN} == sections


def test_a_note_has_one_of_two_severities():
    for _, _, *severity in list_note_calls():
        assert not severity or severity[0] in SEVERITIES | {None}
    assert Note("leak", "A text.").severity in SEVERITIES


def test_every_warning_has_a_class_of_its_own():
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn":
                assert issubclass(getattr(errors, ast.unparse(node.args[1])), errors.HeadstartWarning), path
