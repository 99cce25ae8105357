"""The inference engine: uint8 pixels or the activations at a cut go in, the output of one layer comes out.

Each thread decodes a batch and then infers it. Decoding and inference overlap without a queue between them, and every
core is busy with one of the two. There are two threads per core: while one waits for its result, the other works.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.engine.compiling import Build, compile_network
from headstart.engine.gpu import BATCH_SIZE, Device, GpuNetwork, GpuRequest
from headstart.engine.openvino_import import import_openvino
from headstart.engine.processor import choose_precision, has_wide_vectors
from headstart.errors import PhotoError
from headstart.process.cores import count_cores
from headstart.process.forks import PerProcess

if TYPE_CHECKING:
    import openvino

Item = TypeVar("Item")
# With more, the activations no longer fit into a core's own cache; with fewer, the calls take too much of the time.
# 11, 4, 2 and 1 photos of 96, 160, 224 and 320 px were about the fastest.
PIXELS_PER_BATCH = 100_000
ABOVE_A_CUT = 8  # photos per batch: the weights there are larger than the activations of one photo
THREADS_PER_CORE = 2  # with one, waiting took a tenth of the time
BATCHES_AHEAD = 8  # per thread: one slow photo must not stop the other threads


def plan_build(
    digest: str,
    *,
    image_size: int,
    precision: str = "auto",
    tensor: str = "features",
    float32_below: tuple[str, ...] = (),
    is_quantised: bool = False,
    n_cores: int | None = None,
    batch_size: int | None = None,
    entry: str | None = None,
    n_views: int = 1,
    entry_shape: tuple[int, int, int] | None = None,
    device: Device = "cpu",
    also: str | None = None,
) -> Build:
    """Plan what an `Engine` runs: the parameters are those of `Build` and `choose_precision`.

    By default it infers on all cores that this process may use, and as many photos at once as suits their size and the
    processor. A batch holds all ``n_views`` views of its photos. On a GPU the cores decode.
    """
    n_photos = batch_size or 1
    if batch_size is None and device == "gpu":
        n_photos = -(-BATCH_SIZE // n_views)
    elif batch_size is None and has_wide_vectors():  # on other processors a row would depend on the size of its batch
        n_photos = max(1, round(PIXELS_PER_BATCH / image_size**2 / n_views)) if entry_shape is None else ABOVE_A_CUT
    return Build(
        digest=digest, image_size=image_size, batch_size=n_photos * n_views, entry=entry, tensor=tensor,
        float32_below=float32_below, precision=choose_precision(precision, is_quantised=is_quantised),
        n_cores=n_cores or count_cores(), entry_shape=entry_shape, device=device, also=also,
    )  # fmt: skip


class Engine:
    """A network compiled for this machine, from its pixels to one layer.

    On the processor, a row of the output depends on its own photo alone: the other photos in the batch and the size of
    the batch do not change a bit of it. A forked child compiles the network again, at its first use.

    Parameters
    ----------
    network
        ONNX model as bytes, with one input: uint8 pixels (N, ``image_size``, ``image_size``, 3). If the build has an
        ``entry_shape``, items are float32 activations of this shape instead.
    build
        Result of `plan_build` for this network.
    n_views
        Views per item, the same number as in `plan_build`.
    """

    def __init__(self, network: bytes, build: Build, *, n_views: int = 1) -> None:
        self.n_views = n_views
        self.image_size = build.image_size
        self.precision = build.precision
        self.batch_size = build.batch_size // n_views
        self.n_threads = THREADS_PER_CORE * build.n_cores
        self._network, self._build = network, build
        self._requests: PerProcess[queue.SimpleQueue[_Request | GpuRequest]] = PerProcess()
        self._requests.get(self._open_requests)

    def _open_requests(self) -> queue.SimpleQueue[_Request | GpuRequest]:
        requests: queue.SimpleQueue[_Request | GpuRequest] = queue.SimpleQueue()
        if self._build.device == "gpu":
            network = GpuNetwork(self._network, self._build)
            for _ in range(self.n_threads):
                requests.put(GpuRequest(network, self._build, self.n_views))
            return requests
        compiled = compile_network(self._network, self._build)
        for _ in range(self.n_threads):
            requests.put(_Request(compiled, self._build, self.n_views))
        return requests

    def infer(
        self, pixels: npt.NDArray[np.uint8], load: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]] = np.asarray
    ) -> npt.NDArray[np.float32]:
        """Compute the output (N, ...) float32 for decoded photos (N, ``image_size``, ``image_size``, 3) uint8.

        ``load`` makes the views of one photo, as in `stream`. Default: the photo itself.
        """
        rows = [row for _, row in self.stream(pixels, load)]
        return np.stack([row for row in rows if isinstance(row, np.ndarray)])

    def stream(
        self, items: Iterable[Item], load: Callable[[Item], npt.NDArray[Any]],
        watch: Callable[[Item, npt.NDArray[np.float32]], None] | None = None,
    ) -> Iterator[tuple[Item, npt.NDArray[np.float32] | PhotoError]]:  # fmt: skip
        """Load and infer items in their order, with only a few batches in memory at a time.

        Parameters
        ----------
        items
            Anything that ``load`` takes. They are read lazily.
        load
            Function that returns the uint8 pixels of one item, or raises PhotoError: (``image_size``, ``image_size``,
            3), or (V, ``image_size``, ``image_size``, 3) if the engine has V views. Several threads call it at once.
        watch
            Function that is called in several threads with each item and its output of the second layer
            (``Build.also``), which is valid during the call. Without views.

        Yields
        ------
        Each item with its float32 output, (...) or (V, ...), or with the PhotoError that ``load`` raised.
        """
        source = iter(items)
        waiting: deque[Future[list[tuple[Item, npt.NDArray[np.float32] | PhotoError]]]] = deque()
        pool = ThreadPoolExecutor(self.n_threads, thread_name_prefix="headstart")
        is_stopped = threading.Event()
        try:
            while True:
                while len(waiting) < BATCHES_AHEAD * self.n_threads:
                    batch = list(islice(source, self.batch_size))
                    if not batch:
                        break
                    waiting.append(pool.submit(self._run_batch, batch, load, watch, is_stopped))
                if not waiting:
                    return
                yield from waiting.popleft().result()
        finally:
            is_stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _run_batch(
        self, batch: list[Item], load: Callable[[Item], npt.NDArray[Any]],
        watch: Callable[[Item, npt.NDArray[np.float32]], None] | None, is_stopped: threading.Event,
    ) -> list[tuple[Item, npt.NDArray[np.float32] | PhotoError]]:  # fmt: skip
        requests = self._requests.get(self._open_requests)
        request = requests.get()
        try:
            failures: dict[int, PhotoError] = {}
            for i, item in enumerate(batch):
                if is_stopped.is_set():  # nobody takes the results: wait for one photo at most
                    return []
                try:
                    request.buffer[i] = load(item)
                except PhotoError as error:
                    # a copy: the original holds the frames that raised it, and they hold the photo
                    failures[i] = type(error)(str(error), path=error.path)
            if len(failures) == len(batch):
                return [(item, failures[i]) for i, item in enumerate(batch)]
            rows = request.run()
            if watch is not None and isinstance(request, _Request):
                for i, (item, row) in enumerate(zip(batch, request.read_second(), strict=False)):
                    if i not in failures:
                        watch(item, row)
            return [(item, failures.get(i, rows[i])) for i, item in enumerate(batch)]
        finally:
            requests.put(request)


class _Request:
    """An inference request of OpenVINO, and the buffer for the pixels of its batch."""

    def __init__(self, compiled: openvino.CompiledModel, build: Build, n_views: int) -> None:
        openvino = import_openvino()
        # the engine reads this memory in place: nothing is copied
        photo = build.entry_shape or (build.image_size, build.image_size, 3)
        rows = np.zeros((build.batch_size, *photo), np.uint8 if build.entry_shape is None else np.float32)
        self.buffer = rows if n_views == 1 else rows.reshape(-1, n_views, *photo)
        self._n_views = n_views
        self._request = compiled.create_infer_request()
        self._request.set_input_tensor(openvino.Tensor(rows, shared_memory=True))

    def run(self) -> npt.NDArray[np.float32]:
        self._request.infer(share_inputs=True)
        output = np.array(self._request.get_output_tensor(0).data, np.float32)
        return output if self._n_views == 1 else output.reshape(-1, self._n_views, *output.shape[1:])

    def read_second(self) -> npt.NDArray[np.float32]:
        """Return the output of the second layer, which the next run overwrites."""
        output: npt.NDArray[np.float32] = self._request.get_output_tensor(1).data
        return output
