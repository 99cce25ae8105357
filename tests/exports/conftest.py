"""A small run, its photos, and classifiers of every kind."""

import pytest

import headstart as hs


@pytest.fixture(scope="package")
def run(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("export")
    return hs.train(paint_folder(base / "photos", n=14), out=base / "run", image_size=96, method="fixed", verbose=False)


@pytest.fixture(scope="package")
def photos(run):
    return run.folder.parent / "photos"


@pytest.fixture(scope="package", params=["plain", "wide", "averaged", "both"])
def any_run(request, run, photos):
    if request.param == "plain":
        return run
    settings = {"features": "all" if request.param != "averaged" else "last", "average_views": request.param != "wide"}
    folder = run.folder.with_name(request.param)
    return hs.train(photos, out=folder, image_size=96, method="fixed", verbose=False, **settings)
