"""The inference engine: uint8 pixels go in, the output of one named layer comes out.

One stream per core and one thread per stream: a thread that has decoded a batch runs it on its own core, so decoding
and inference overlap without a queue between them, and every core is busy with one or the other.
"""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.backbone.cutting import has_layer, take_below, take_between
from headstart.errors import BackboneError, PhotoError

if TYPE_CHECKING:
    import openvino

Item = TypeVar("Item")
Precision = Literal["auto", "f32", "bf16"]
BATCH_SIZE = 8  # bf16 is fastest at 8 to 16 photos, and 8 keep the memory small
BATCHES_AHEAD = 4  # per thread: enough that one slow photo does not stop the others


def count_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_precision(precision: str = "auto") -> Literal["f32", "bf16"]:
    """Return the arithmetic to use: bf16 where the processor computes in it, unless ``precision`` says otherwise.

    Raises
    ------
    BackboneError
        If ``precision`` is none of auto, f32 and bf16, or bf16 on a processor without it.
    """
    if precision not in ("auto", "f32", "bf16"):
        raise BackboneError(f"Cannot compute in precision {precision!r}: need auto, f32 or bf16.")
    if precision == "f32":
        return "f32"
    import openvino

    has_bf16 = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and not has_bf16:
        raise BackboneError("Cannot compute in bf16: this processor has no bf16 arithmetic. Use --precision f32.")
    return "bf16" if has_bf16 else "f32"


class Engine:
    """A network compiled for this machine up to one layer.

    A row of the output depends on its own photo alone: neither its neighbours nor the size of the batch change a bit.

    Parameters
    ----------
    network
        An ONNX model as bytes, with one input: uint8 pixels (N, ``image_size``, ``image_size``, 3).
    image_size
        Side of the square input in pixels.
    precision
        ``auto``, ``f32`` or ``bf16``; what was chosen is in the attribute of this name.
    tensor
        Name of the layer whose output is wanted.
    float32_below
        Name of the layer below which everything is computed in float32, whatever ``precision`` is.
    n_threads
        Default: one per core that this process may use.
    batch_size
        Photos per inference.
    """

    def __init__(
        self,
        network: bytes | openvino.Model,
        *,
        image_size: int,
        precision: str = "auto",
        tensor: str = "features",
        float32_below: str | None = None,
        n_threads: int | None = None,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        import openvino

        self.image_size = image_size
        self.precision = choose_precision(precision)
        self.batch_size = batch_size
        self.n_threads = n_threads or count_cores()
        model = openvino.Core().read_model(network) if isinstance(network, bytes) else network.clone()
        model.reshape([batch_size, image_size, image_size, 3])
        below = take_below(model, tensor)
        if self.precision == "f32" or float32_below is None or not has_layer(below, float32_below):
            parts = [(below, self.precision)]
        else:
            upper = take_between(model, float32_below, tensor)
            parts = [(take_below(model, float32_below), "f32"), (upper, self.precision)]
        self._compiled = [self._compile(part, part_precision) for part, part_precision in parts]
        self._lanes: queue.SimpleQueue[_Lane] = queue.SimpleQueue()
        for _ in range(self.n_threads):
            self._lanes.put(_Lane(self._compiled, (batch_size, image_size, image_size, 3)))

    def _compile(self, part: openvino.Model, precision: str) -> openvino.CompiledModel:
        import openvino
        from openvino import properties
        from openvino.properties import hint

        settings = {
            hint.inference_precision(): getattr(openvino.Type, precision),
            properties.num_streams(): self.n_threads,
            properties.inference_num_threads(): self.n_threads,
            hint.enable_cpu_pinning(): False,  # two processes on one machine would be pinned to the same cores
        }
        return openvino.Core().compile_model(part, "CPU", settings)

    def infer(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Compute the output for pixels that are already decoded.

        Parameters
        ----------
        pixels
            (N, ``image_size``, ``image_size``, 3) uint8.

        Returns
        -------
        (N, ...) float32.
        """
        rows = [row for _, row in self.stream(pixels, lambda photo: photo)]
        return np.stack([row for row in rows if isinstance(row, np.ndarray)])

    def stream(
        self, items: Iterable[Item], load: Callable[[Item], npt.NDArray[np.uint8]]
    ) -> Iterator[tuple[Item, npt.NDArray[np.float32] | PhotoError]]:
        """Load and infer items, overlapped, in order, holding only a few batches at a time.

        Parameters
        ----------
        items
            Anything that ``load`` understands; read lazily.
        load
            Gives the (``image_size``, ``image_size``, 3) uint8 pixels of one item, or raises PhotoError. Called from
            several threads at once.

        Yields
        ------
        (item, output of float32) or (item, the PhotoError that ``load`` raised), in the order of ``items``.
        """
        source = iter(items)
        waiting: deque[Future[list[tuple[Item, npt.NDArray[np.float32] | PhotoError]]]] = deque()
        pool = ThreadPoolExecutor(self.n_threads, thread_name_prefix="headstart")
        try:
            while True:
                while len(waiting) < BATCHES_AHEAD * self.n_threads:
                    batch = list(islice(source, self.batch_size))
                    if not batch:
                        break
                    waiting.append(pool.submit(self._run_batch, batch, load))
                if not waiting:
                    return
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _run_batch(
        self, batch: list[Item], load: Callable[[Item], npt.NDArray[np.uint8]]
    ) -> list[tuple[Item, npt.NDArray[np.float32] | PhotoError]]:
        lane = self._lanes.get()
        try:
            failures: dict[int, PhotoError] = {}
            for i, item in enumerate(batch):
                try:
                    lane.buffer[i] = load(item)
                except PhotoError as error:
                    failures[i] = error
            if len(failures) == len(batch):
                return [(item, failures[i]) for i, item in enumerate(batch)]
            rows = lane.run()
            return [(item, failures.get(i, rows[i])) for i, item in enumerate(batch)]
        finally:
            self._lanes.put(lane)


class _Lane:
    """The buffer that a batch is decoded into, and the requests that run it, one for each part of the network."""

    def __init__(self, parts: Sequence[openvino.CompiledModel], shape: tuple[int, ...]) -> None:
        import openvino

        # the engine reads this buffer in place, and each part the output of the one before it: nothing is copied
        self.buffer = np.zeros(shape, np.uint8)
        tensor = openvino.Tensor(self.buffer, shared_memory=True)
        self._requests = []
        for part in parts:
            request = part.create_infer_request()
            request.set_input_tensor(tensor)
            tensor = request.get_output_tensor(0)
            self._requests.append(request)

    def run(self) -> npt.NDArray[np.float32]:
        for request in self._requests:
            request.infer(share_inputs=True)
        return np.array(self._requests[-1].get_output_tensor(0).data, np.float32)
