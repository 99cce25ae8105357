"""A small run, and its photos."""

import pytest

import headstart as hs


@pytest.fixture(scope="module")
def run(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("cli")
    return hs.train(paint_folder(base / "photos", n=14), out=base / "run", image_size=96, verbose=False)


@pytest.fixture
def photos(run):
    return run.folder.parent / "photos"
