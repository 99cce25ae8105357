"""Extraction on a GPU by ONNX Runtime. There is no GPU here: ONNX Runtime computes the same on the processor."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from headstart.backbone.loading import open_setup
from headstart.engine import gpu
from headstart.engine.engine import Engine, plan_build
from headstart.engine.gpu import GpuNetwork, choose_device
from headstart.errors import BackboneError, DeviceWarning, PhotoError
from headstart.features.extraction import make_feature_spec
from headstart.process.forks import PerProcess

PIXELS = np.random.default_rng(0).integers(0, 255, (70, 96, 96, 3), np.uint8)  # three batches, the last not full
TOLERANCE = 1e-4  # features are up to 6; two orders of summing differ by 3e-5


@pytest.fixture
def stand_in(monkeypatch):
    """Let ONNX Runtime's processor stand for a GPU that works."""
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(gpu, "PROVIDER", "CPUExecutionProvider")
    monkeypatch.setattr(gpu, "may_use_nvidia_gpu", lambda: True)
    monkeypatch.setattr(gpu, "_has_library", lambda: True)
    monkeypatch.setattr(gpu, "_works", PerProcess())


@pytest.fixture
def setup():
    return open_setup("mobilenet_v2", 96)


def extract_on_processor(setup, **settings):
    backbone = setup.backbone
    build = plan_build(backbone.spec.weights_sha256, image_size=96, precision="f32", **settings)
    return Engine(backbone.weights, build)


def test_without_a_driver_there_is_no_gpu_and_nothing_is_imported(monkeypatch):
    monkeypatch.setattr(gpu, "may_use_nvidia_gpu", lambda: False)
    monkeypatch.setattr(gpu, "_import_onnxruntime", lambda: pytest.fail("imported"))
    assert choose_device("auto", is_quantised=False) == "cpu"
    code = "import sys, headstart.engine.engine; print('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_without_the_library_of_cuda_nothing_is_imported(monkeypatch):
    monkeypatch.setattr(gpu, "may_use_nvidia_gpu", lambda: True)
    monkeypatch.setattr(gpu, "LIBRARIES", ("no_such_library.so",))
    monkeypatch.setattr(gpu, "_import_onnxruntime", lambda: pytest.fail("imported"))
    assert choose_device("auto", is_quantised=False) == "cpu"


def test_the_library_of_cuda_is_found_beside_the_package(monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(gpu, "LIBRARIES", ("__init__.py",))
    assert gpu._has_library()
    monkeypatch.setattr(gpu, "LIBRARIES", ("no_such_library.so",))
    assert not gpu._has_library()


@pytest.mark.parametrize(
    ("precision", "is_quantised", "device"),
    [("auto", False, "gpu"), ("f32", False, "gpu"), ("bf16", False, "cpu"), ("auto", True, "cpu")],
)
def test_a_gpu_computes_in_float32_only(stand_in, precision, is_quantised, device):
    assert choose_device(precision, is_quantised=is_quantised) == device


@pytest.mark.parametrize("n_views", [1, 4])
def test_features_equal_those_of_the_processor(stand_in, setup, n_views):
    engine = setup.open_engine(n_views=n_views)
    assert (engine.precision, engine.batch_size) == ("f32", 32 // n_views)
    if n_views == 1:
        rows = engine.infer(PIXELS)
        expected = extract_on_processor(setup).infer(PIXELS)
    else:
        rows = engine.infer(PIXELS, lambda pixels: np.stack([pixels] * n_views))[:, 2]
        expected = extract_on_processor(setup).infer(PIXELS)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, expected, atol=TOLERANCE)


def test_the_activations_of_a_stage_equal_those_of_the_processor(stand_in, setup):
    tensor = setup.spec.stages[3].tensor
    rows = setup.open_engine(tensor=tensor).infer(PIXELS[:3])
    np.testing.assert_allclose(rows, extract_on_processor(setup, tensor=tensor).infer(PIXELS[:3]), atol=TOLERANCE)


def test_a_photo_that_cannot_be_decoded_is_reported(stand_in, setup):
    def load(n):
        if n == 1:
            raise PhotoError("broken")
        return PIXELS[n]

    rows = [row for _, row in setup.open_engine().stream(range(3), load)]
    assert [isinstance(row, PhotoError) for row in rows] == [False, True, False]


def test_the_cache_tells_the_features_of_a_gpu_from_those_of_the_processor(setup, stand_in, monkeypatch):
    on_gpu = make_feature_spec(setup)
    monkeypatch.setattr(gpu, "may_use_nvidia_gpu", lambda: False)
    on_processor = make_feature_spec(replace(setup, precision="f32"))
    assert on_gpu.precision == on_processor.precision == "f32"
    assert on_gpu.engine != on_processor.engine
    assert "onnxruntime" in on_gpu.engine
    assert "openvino" in on_processor.engine


def fail(*_):
    raise RuntimeError("CUDA failure 35: driver too old.\nmore")


def test_a_gpu_that_fails_is_reported_once_and_the_processor_is_used(stand_in, setup, monkeypatch):
    monkeypatch.setattr(gpu, "_open_session", fail)
    with pytest.warns(DeviceWarning, match=r"cannot be used \(CUDA failure 35: driver too old\): features") as caught:
        assert setup.choose_device() == "cpu"
    assert len(caught) == 1
    assert setup.choose_device() == "cpu"
    assert setup.plan_build().device == "cpu"


def test_a_gpu_that_computes_wrongly_is_not_used(stand_in, setup, monkeypatch):
    class Session:
        def run(self, *_):
            return [np.zeros((2, 4, 6, 6), np.float32)]

    monkeypatch.setattr(gpu, "_open_session", lambda _: Session())
    with pytest.warns(DeviceWarning, match="wrong numbers"):
        assert setup.choose_device() == "cpu"


def test_a_provider_that_onnx_runtime_cannot_load_is_not_used(stand_in, setup, monkeypatch):
    """ONNX Runtime itself would go on with the processor, and only print a line."""
    onnxruntime = gpu._import_onnxruntime()
    real = onnxruntime.InferenceSession
    monkeypatch.setattr(
        onnxruntime,
        "InferenceSession",
        lambda network, options, providers: real(network, options, ["CPUExecutionProvider"]),
    )
    monkeypatch.setattr(gpu, "PROVIDER", "CUDAExecutionProvider")
    with pytest.warns(DeviceWarning, match="cannot load CUDAExecutionProvider"):
        assert setup.choose_device() == "cpu"


def test_a_gpu_that_fails_later_is_an_error_with_a_way_out(stand_in, setup, monkeypatch):
    network = GpuNetwork(setup.backbone.weights, setup.plan_build())
    with pytest.raises(BackboneError, match=r"the GPU failed .*CUDA_VISIBLE_DEVICES="):
        network.run(np.zeros((1, 96, 96, 4), np.uint8))
    monkeypatch.setattr(gpu, "_open_session", fail)
    with pytest.raises(BackboneError, match=r"the GPU failed \(CUDA failure 35"):
        setup.open_engine()


def test_tf32_is_off():
    assert gpu.OPTIONS["CUDAExecutionProvider"]["use_tf32"] == "0"
