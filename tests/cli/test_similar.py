"""``headstart similar`` as a user types it."""

import json

import pytest
from click.testing import CliRunner
from PIL import Image

from headstart.cli.app import app


@pytest.fixture
def folder(make_folder):
    return make_folder(n=5)


def similar(*arguments):
    return CliRunner().invoke(app, ["similar", *map(str, arguments), "--image-size", "96"])


def test_it_prints_the_most_similar_photos(folder):
    (folder / "dots" / "copy.jpg").write_bytes((folder / "dots" / "001.jpg").read_bytes())
    done = similar(folder / "dots" / "001.jpg", folder, "--n", 3)
    assert done.exit_code == 0, done.output
    first, *others = done.stdout.splitlines()
    assert first.split() == ["1.000", "dots", str(folder / "dots" / "copy.jpg"), "(the", "same", "bytes)"]
    assert len(others) == 2


def test_json_and_a_grid(folder, tmp_path):
    done = similar(folder / "dots" / "001.jpg", folder, "--n", 6, "--json", "--grid", tmp_path / "grid.png")
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["photo"] == str(folder / "dots" / "001.jpg")
    assert len(record["similar"]) == 6
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.width > 800
    assert f"Grid: {tmp_path / 'grid.png'}" in done.stderr


def test_a_wrong_grid_is_refused_before_the_work(folder, tmp_path):
    done = similar(folder / "dots" / "001.jpg", folder, "--grid", tmp_path / "no" / "grid.png")
    assert done.exit_code != 0
    assert not done.stdout
