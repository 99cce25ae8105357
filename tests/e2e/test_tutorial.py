"""The tutorial's Python and its commands run as they stand, on a few small photos."""

import re
import shlex
from pathlib import Path

import pytest

from headstart.cli.app import app

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


@pytest.fixture
def pets(tmp_path, monkeypatch, make_folder):
    names = {"dots": "cats", "stripes": "dogs"}
    for part, n in (("training_set", 15), ("test_set", 6)):
        for label, name in names.items():
            folder = make_folder(f"raw/{part}", (label,), n if part == "training_set" else 40)
            photos = sorted((folder / label).iterdir())
            target = tmp_path / "pets" / part / name
            target.mkdir(parents=True)
            # other photos than the training set's: the painter gives the same photo for the same number
            for i, photo in enumerate(photos if part == "training_set" else photos[-n:]):
                photo.rename(target / f"{i:03}.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_its_python_runs(pets, capsys):
    blocks = re.findall(r"```python\n(.*?)```", TUTORIAL, re.DOTALL)
    assert len(blocks) >= 7
    exec("\n".join(blocks), {})  # noqa: S102  it is the project's own page
    printed = capsys.readouterr().out
    assert "cats" in printed
    for name in ("run", "run-augmented", "run-better"):
        assert (pets / name / "report.html").is_file()


@pytest.mark.slow
def test_its_commands_run(pets):
    block = re.search(r"```console\n(.*?)```", TUTORIAL, re.DOTALL)[1]
    commands = [shlex.split(line.removeprefix("$ ")) for line in block.splitlines()]
    assert len(commands) == 4
    for name, *arguments in commands:
        assert name == "headstart"
        app(arguments, standalone_mode=False)
    assert (pets / "predictions.png").stat().st_size > 10_000
