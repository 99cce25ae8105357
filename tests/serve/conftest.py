"""A small run and its service."""

import dataclasses
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.classifier.build import build_classifier
from headstart.classifier.file import read_classifier
from headstart.exports.int8 import extract_backbone


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


@pytest.fixture(scope="package")
def damaged(run, tmp_path_factory):
    """A classifier file whose novelties are no numbers: its weights are finite, and their squares are not."""
    contents = read_classifier(run.folder / "model.onnx")
    novelty = contents.novelty
    large = dataclasses.replace(
        novelty, components=np.full_like(novelty.components, 1e30), scale=np.full_like(novelty.scale, 1e-30)
    )
    path = tmp_path_factory.mktemp("damaged") / "model.onnx"
    backbone = extract_backbone(contents)
    path.write_bytes(build_classifier(backbone, contents.weights, contents.bias, contents.metadata, large))
    return path
