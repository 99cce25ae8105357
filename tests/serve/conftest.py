"""A small run and its service."""

import pytest

import headstart as hs


@pytest.fixture(scope="package")
def run(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("serve")
    return hs.train(paint_folder(base / "photos", n=14), out=base / "run", image_size=96, method="fixed", verbose=False)


@pytest.fixture(scope="package")
def photos(run):
    return sorted((run.folder.parent / "photos").rglob("*.jpg"))
