"""What was forgotten on the way to a run is known from the folders of the runs before it."""

import json
from pathlib import Path

import pytest

from headstart.catalog.csv_file import write_csv
from headstart.catalog.photo import Photo
from headstart.runs.forgotten_before import note_forgotten_before
from headstart.runs.run_record import SCHEMA

PHOTOS = [Photo(f"{n}.jpg", "cats", digest=f"{n:064x}", split="train") for n in range(6)]


@pytest.fixture
def runs(tmp_path):
    """Three runs: ``a`` with six photos; ``b``, which forgot two of them; and ``c``, which forgot one more."""
    for name, before, n in (("a", None, 6), ("b", "a", 4), ("c", "b", 3)):
        folder = tmp_path / name
        folder.mkdir()
        record = {key: {} for key in ("split", "versions", "machine", "digests")} | {
            "schema": SCHEMA, "settings": {"asked": {}, "used": {}}, "photos": {"working_folder": str(tmp_path)},
            "arguments": {"photos": before or "pets", "add": None, "forget": before and "list.txt"},
        }  # fmt: skip
        (folder / "run.json").write_text(json.dumps(record))
        write_csv(PHOTOS[:n], folder / "catalog.csv")
    return tmp_path


def test_photos_that_any_earlier_run_forgot_are_counted(runs):
    (note,) = note_forgotten_before([PHOTOS[3], PHOTOS[5]], runs / "c")
    assert note.text.startswith(f"2 added photos were left out of '{runs / 'b'}' and '{runs / 'c'}', which --forget")
    (note,) = note_forgotten_before([PHOTOS[3]], runs / "c")
    assert note.text.startswith(f"1 added photo was left out of '{runs / 'c'}', which --forget")
    assert note_forgotten_before([PHOTOS[3]], runs / "b") == []
    assert note_forgotten_before([PHOTOS[3]], runs / "a") == []


def test_a_run_that_is_gone_ends_the_search(runs):
    (runs / "a" / "run.json").unlink()
    (runs / "a" / "catalog.csv").unlink()
    assert note_forgotten_before([PHOTOS[5]], runs / "c") == []
    assert note_forgotten_before([PHOTOS[5]], Path("none")) == []
