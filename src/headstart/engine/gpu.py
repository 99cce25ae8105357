"""Extraction on an NVIDIA GPU, by ONNX Runtime: found by itself, tried out once, and the processor if it fails.

It was never run on a GPU (docs/decisions/0049-gpu-extraction.md). The tests run the same code with the processor in
place of the GPU.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from headstart.engine.protobuf import encode_message
from headstart.errors import BackboneError, DeviceWarning
from headstart.process.forks import PerProcess
from headstart.process.nvidia import may_use_nvidia_gpu

if TYPE_CHECKING:
    from headstart.engine.compiling import Build

Device = Literal["cpu", "gpu"]
BATCH_SIZE = 32  # photos; with fewer, starting the kernels takes longer than their work
AT_ONCE = 2  # batches on the GPU: one is copied while the other is computed; each takes memory there
GPU_RULES = 1  # increase this number when a change of this file gives other features for the same pixels
PROVIDER = "CUDAExecutionProvider"
# TF32 has 10 bits of fraction where float32 has 23. The exhaustive search of the fastest convolution, ONNX Runtime's
# default, may end differently in each process, and with it the last bits.
OPTIONS = {"CUDAExecutionProvider": {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}}
LIBRARIES = ("libonnxruntime_providers_cuda.so", "onnxruntime_providers_cuda.dll")  # only onnxruntime-gpu has one
MAX_REASON = 120  # characters of a reason in a message
_FLOAT32 = 1  # in onnx.proto3


def choose_device(precision: str, *, is_quantised: bool) -> Device:
    """Return the device that extracts features in a precision: the GPU, if there is one that works, in float32.

    The environment variable ``CUDA_VISIBLE_DEVICES=`` (empty) hides every GPU. Without a driver or without
    onnxruntime-gpu, nothing is imported. Otherwise the first call in a process tries the GPU out (some seconds).

    Warns
    -----
    DeviceWarning
        If there is a GPU, but it fails to compute.
    """
    is_float32 = precision in ("auto", "f32") and not is_quantised
    return "gpu" if is_float32 and may_use_nvidia_gpu() and _has_library() and _works.get(_try_out) else "cpu"


def describe_gpu() -> str:
    """Return what decides the bits of a feature on the GPU besides photo and network."""
    return f"onnxruntime {_import_onnxruntime().__version__}, {PROVIDER}, gpu rules {GPU_RULES}, {_name_gpu()}"


class GpuNetwork:
    """A network on the GPU, from its pixels to the layer ``build.tensor``. All requests share it."""

    def __init__(self, network: bytes, build: Build) -> None:
        self._build, self._tensor, self._turns = build, build.tensor, BoundedSemaphore(AT_ONCE)
        with _explain_failure():
            session = _open_session(network)
            if self._tensor not in (output.name for output in session.get_outputs()):
                session = _open_session(network + _add_output(self._tensor))
        self._session, self._entry = session, session.get_inputs()[0].name
        self._options = _import_onnxruntime().RunOptions()
        self._options.only_execute_path_to_fetches = True  # nothing above the cut

    def run(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the output (N, ...) float32 for pixels (N, ``image_size``, ``image_size``, 3).

        Raises
        ------
        BackboneError
            If the GPU fails, for example because its memory is used up.
        """
        with self._turns, _explain_failure():
            rows: npt.NDArray[np.float32] = self._session.run([self._tensor], {self._entry: pixels}, self._options)[0]
        return rows


class GpuRequest:
    """One batch for the GPU: the buffer that a thread decodes into, and its run."""

    def __init__(self, network: GpuNetwork, build: Build, n_views: int) -> None:
        photo = (build.image_size, build.image_size, 3)
        self._network, self._rows = network, np.zeros((build.batch_size, *photo), np.uint8)
        self._n_views = n_views
        self.buffer = self._rows if n_views == 1 else self._rows.reshape(-1, n_views, *photo)

    def run(self) -> npt.NDArray[np.float32]:
        """Return the output of the batch: (N, ...), or (N, V, ...) for V views."""
        output = self._network.run(self._rows)
        return output if self._n_views == 1 else output.reshape(-1, self._n_views, *output.shape[1:])


_works: PerProcess[bool] = PerProcess()  # a forked child tries again: it cannot use CUDA once its parent has used it


def _try_out() -> bool:
    """Compute one convolution on the GPU, and check its result."""
    try:
        weights = np.ones((4, 4, 3, 3), np.float32)
        rows = _open_session(_make_convolution(weights)).run(["y"], {"x": np.ones((2, 4, 8, 8), np.float32)})[0]
        if rows.shape == (2, 4, 6, 6) and (rows == weights[0].size).all():
            return True
        reason = "a convolution gave wrong numbers"
    except Exception as error:  # drivers, GPUs, libraries and forked processes raise many kinds
        reason = _find_first_line(error)
    text = f"The GPU cannot be used ({reason}): features are extracted on the cores."
    warnings.warn(text, DeviceWarning, stacklevel=2)
    return False


@contextmanager
def _explain_failure() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # ONNX Runtime has many kinds
        raise BackboneError(
            f"Cannot extract features: the GPU failed ({_find_first_line(error)}). Set CUDA_VISIBLE_DEVICES= (to "
            "nothing) to compute on the cores, or give a smaller --image-size if it lacks memory."
        ) from None


def _open_session(network: bytes) -> Any:
    """Open a network on the GPU. ONNX Runtime would fall back on the processor without an error: that is one here."""
    onnxruntime = _import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its own lines on stderr; errors are raised besides
    options.intra_op_num_threads = 1  # the cores decode
    session = onnxruntime.InferenceSession(network, options, providers=[(PROVIDER, OPTIONS.get(PROVIDER, {}))])
    session.disable_fallback()
    if PROVIDER not in session.get_providers():
        raise BackboneError(f"ONNX Runtime cannot load {PROVIDER}: CUDA or cuDNN is missing or of another version")
    return session


@cache
def _import_onnxruntime() -> Any:
    import onnxruntime

    if hasattr(onnxruntime, "preload_dlls"):  # 1.21 and later; finds CUDA and cuDNN in their Python packages
        with redirect_stdout(io.StringIO()), suppress(Exception):  # it prints what it does not find
            onnxruntime.preload_dlls()
    return onnxruntime


def _has_library() -> bool:
    """Say whether onnxruntime-gpu is installed, without importing it."""
    spec = importlib.util.find_spec("onnxruntime")
    folders = [] if spec is None else spec.submodule_search_locations or []
    return any(Path(folder, "capi", name).exists() for folder in folders for name in LIBRARIES)


def _name_gpu() -> str:
    """Return the models of the GPUs as Linux lists them; on other systems an empty text."""
    files = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    lines = (line for file in files for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
    return ", ".join(line.partition(":")[2].strip() for line in lines if line.startswith("Model:"))


def _add_output(tensor: str) -> bytes:
    """Return bytes that, appended to an ONNX file, make a layer an output: protobuf merges messages that repeat."""
    return encode_message((7, encode_message((12, encode_message((1, tensor))))))


def _make_convolution(weights: npt.NDArray[np.float32]) -> bytes:
    """Return an ONNX model of one convolution, ``x`` to ``y`` (field numbers of onnx.proto3)."""
    entry, output = (
        encode_message((1, name), (2, encode_message((1, encode_message((1, _FLOAT32)))))) for name in ("x", "y")
    )
    node = encode_message((1, "x"), (1, "weights"), (2, "y"), (4, "Conv"))
    tensor = encode_message(
        *((1, size) for size in weights.shape), (2, _FLOAT32), (8, "weights"), (9, weights.tobytes())
    )
    graph = encode_message((1, node), (2, "convolution"), (5, tensor), (11, entry), (12, output))
    return encode_message((1, 8), (7, graph), (8, encode_message((1, ""), (2, 13))))


def _find_first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")[:MAX_REASON]
