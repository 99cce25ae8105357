"""A small run of `fixed`, for tests that only read it."""

import pytest

import headstart as hs


@pytest.fixture(scope="package")
def trained(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("training")
    return hs.train(paint_folder(base / "photos"), out=base / "patterns", method="fixed", image_size=96, verbose=False)
