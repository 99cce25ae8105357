"""Compiled networks: a fetched one gives the same bits as a fresh one, and float32 is kept where it is asked for."""

import hashlib

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.engine import compiling
from headstart.engine.compiling import compile_network
from headstart.engine.engine import Engine, plan_build
from headstart.storage import result_cache

PIXELS = np.random.default_rng(0).integers(0, 255, (5, 96, 96, 3), np.uint8)
BACKBONE = load_backbone()


def extract(precision: str) -> np.ndarray:
    spec = BACKBONE.spec
    build = plan_build(spec.weights_sha256, image_size=96, precision=precision, float32_below=spec.float32_below)
    return Engine(BACKBONE.weights, build).infer(PIXELS)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    return tmp_path / result_cache.FOLDER


@pytest.mark.parametrize("precision", ["f32", "auto"])
def test_a_fetched_network_gives_the_bits_of_a_fresh_one(folder, precision, monkeypatch):
    fresh = extract(precision)
    monkeypatch.delattr(compiling, "take_below")  # nothing can be compiled any more
    np.testing.assert_array_equal(extract(precision), fresh)


def test_what_is_no_compiled_network_is_compiled_again(folder):
    fresh = extract("f32")
    for path in folder.iterdir():
        junk = b"not a network"
        path.write_bytes(hashlib.sha256(junk).digest() + junk)
    np.testing.assert_array_equal(extract("f32"), fresh)


def test_other_settings_are_other_networks(folder, monkeypatch):
    extract("f32")
    n_kept = len(list(folder.iterdir()))
    monkeypatch.setattr(compiling, "describe_engine", lambda: "another processor")
    extract("f32")
    assert len(list(folder.iterdir())) == n_kept + 1


def test_it_is_known_whether_a_network_is_kept(folder):
    build = plan_build(BACKBONE.spec.weights_sha256, image_size=96, precision="f32")
    assert not build.is_kept()
    compile_network(BACKBONE.weights, build)
    assert build.is_kept()
    assert not plan_build(BACKBONE.spec.weights_sha256, image_size=128, precision="f32").is_kept()
