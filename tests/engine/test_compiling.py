"""A compiled network from disk gives the same bits as a new one."""

import hashlib

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.engine import compiling
from headstart.engine.compiling import compile_network
from headstart.process.forks import PerProcess
from headstart.storage import result_cache

PIXELS = np.random.default_rng(0).integers(0, 255, (5, 96, 96, 3), np.uint8)
BACKBONE = load_backbone()


def extract(precision: str) -> np.ndarray:
    return BackboneSetup(BACKBONE, 96, precision).open_engine().infer(PIXELS)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    return tmp_path / result_cache.FOLDER


@pytest.mark.parametrize("precision", ["f32", "auto"])
def test_a_compiled_network_from_disk_gives_the_same_bits(folder, precision, monkeypatch):
    fresh = extract(precision)
    monkeypatch.setattr(compiling, "_in_use", PerProcess())
    monkeypatch.delattr(compiling, "take_below")  # from here on nothing can be compiled
    np.testing.assert_array_equal(extract(precision), fresh)


def test_a_file_that_is_no_compiled_network_is_replaced(folder, monkeypatch):
    fresh = extract("f32")
    monkeypatch.setattr(compiling, "_in_use", PerProcess())
    for path in folder.iterdir():
        junk = b"not a network"
        path.write_bytes(hashlib.sha256(junk).digest() + junk)
    np.testing.assert_array_equal(extract("f32"), fresh)


def test_another_processor_compiles_its_own_network(folder, monkeypatch):
    extract("f32")
    n_kept = len(list(folder.iterdir()))
    monkeypatch.setattr(compiling, "describe_engine", lambda: "another processor")
    extract("f32")
    assert len(list(folder.iterdir())) == n_kept + 1


def test_a_build_tells_whether_it_is_compiled(folder):
    build = BackboneSetup(BACKBONE, 96, "f32").plan_build()
    assert not build.is_compiled()
    compile_network(BACKBONE.weights, build)
    assert build.is_compiled()
    assert not BackboneSetup(BACKBONE, 128, "f32").plan_build().is_compiled()


def test_the_part_above_a_cut_is_not_kept_on_disk(folder):
    BackboneSetup(BACKBONE, 96, "f32").open_engine_above("block_15")
    assert not folder.exists()
