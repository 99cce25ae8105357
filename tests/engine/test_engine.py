"""The engine keeps the order of its items, and a row depends on its own photo alone."""

import gc
import threading
import weakref

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.engine.engine import BATCHES_AHEAD, Engine, plan_build
from headstart.engine.processor import has_wide_vectors
from headstart.errors import PhotoError

PIXELS = np.random.default_rng(0).integers(0, 255, (19, 96, 96, 3), np.uint8)


def open_engine(precision="f32", **settings):
    backbone = load_backbone()
    build = plan_build(backbone.spec.weights_sha256, image_size=96, precision=precision, **settings)
    return Engine(backbone.weights, build)


@pytest.fixture(scope="module")
def engine():
    return open_engine()


def test_features_have_their_shape(engine):
    features = engine.infer(PIXELS)
    assert features.shape == (19, 1280)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["f32", "auto"])
def test_other_photos_and_the_batch_size_change_no_bit(precision):
    below = load_backbone().spec.float32_below
    sizes = [(1, 1), (None, 2), *([(8, 2)] if has_wide_vectors() else [])]
    engines = [
        open_engine(precision, float32_below=below, batch_size=n_photos, n_cores=n_cores) for n_photos, n_cores in sizes
    ]
    alone = engines[0].infer(PIXELS)
    for engine in engines[1:]:
        np.testing.assert_array_equal(engine.infer(PIXELS), alone)
        np.testing.assert_array_equal(engine.infer(PIXELS[::-1])[::-1], alone)


@pytest.mark.parametrize(("image_size", "batch_size"), [(96, 11), (160, 4), (224, 2), (320, 1), (512, 1)])
def test_a_batch_has_about_the_same_number_of_pixels_at_any_image_size(image_size, batch_size, monkeypatch):
    monkeypatch.setattr("headstart.engine.engine.has_wide_vectors", lambda: True)
    assert plan_build("", image_size=image_size).batch_size == batch_size
    assert plan_build("", image_size=image_size, batch_size=3).batch_size == 3
    monkeypatch.setattr("headstart.engine.engine.has_wide_vectors", lambda: False)
    assert plan_build("", image_size=image_size).batch_size == 1
    assert plan_build("", image_size=image_size, n_views=4).batch_size == 4


def test_the_output_of_any_stage_can_be_computed():
    stage = load_backbone().spec.stages[3]
    engine = open_engine(tensor=stage.tensor)
    assert engine.infer(PIXELS[:2]).shape == (2, stage.n_channels, 96 // stage.stride, 96 // stage.stride)


def test_the_error_of_a_failed_photo_holds_no_pixels(engine):
    held = []

    def load(_):
        pixels = np.zeros((500, 500, 3), np.uint8)
        held.append(weakref.ref(pixels))
        raise PhotoError(f"cannot be decoded: {pixels.shape}")

    gc.disable()
    try:
        rows = [row for _, row in engine.stream(range(6), load)]
        assert all(isinstance(row, PhotoError) for row in rows)
        assert [ref() for ref in held] == [None] * 6
    finally:
        gc.enable()


def test_stream_keeps_the_order_and_yields_errors(engine):
    def load(i):
        if i % 5 == 3:
            raise PhotoError(f"number {i} is broken")
        return PIXELS[i % 19]

    expected = engine.infer(PIXELS)
    answers = list(engine.stream(range(40), load))
    assert [item for item, _ in answers] == list(range(40))
    for i, row in answers:
        if i % 5 == 3:
            assert str(row) == f"number {i} is broken"
        else:
            np.testing.assert_array_equal(row, expected[i % 19])


def test_stream_reads_its_source_lazily(engine):
    n_read = 0

    def source():
        nonlocal n_read
        while True:
            n_read += 1
            yield PIXELS[0]

    stream = engine.stream(source(), lambda pixels: pixels)
    next(stream)
    assert n_read <= (engine.n_threads * BATCHES_AHEAD + 1) * engine.batch_size
    stream.close()


def test_an_unexpected_error_ends_the_stream_and_its_threads(engine):
    def load(_):
        raise ZeroDivisionError("a defect")

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError, match="a defect"):
        list(engine.stream(range(100), load))
    assert threading.active_count() == before
    assert engine.infer(PIXELS).shape == (19, 1280)
