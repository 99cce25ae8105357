"""A small run and its service."""

import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import headstart as hs


@pytest.fixture(scope="package")
def run(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("serve")
    return hs.train(paint_folder(base / "photos", n=14), out=base / "run", image_size=96, method="fixed", verbose=False)


@pytest.fixture(scope="package")
def photos(run):
    return sorted((run.folder.parent / "photos").rglob("*.jpg"))


@pytest.fixture(scope="package")
def stranger(tmp_path_factory):
    """A photo of nothing that the classifier knows."""
    path = tmp_path_factory.mktemp("strange") / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)).save(path)
    return path


@pytest.fixture(scope="package")
def served(run):
    """The address of the command line's own server."""
    command = [sys.executable, "-m", "headstart", "serve", str(run.folder), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        yield re.search(r"http://\S+", server.stderr.readline())[0]
        server.kill()
