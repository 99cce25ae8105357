"""The inference engine: uint8 pixels go in, the output of one named layer comes out.

A thread decodes a batch and has it inferred, so decoding and inference overlap without a queue between them, and every
core is busy with one or the other. There are two threads for each core: while one waits for an answer, the other works.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.engine.compiling import Build, compile_network
from headstart.engine.openvino_import import open_openvino
from headstart.engine.processor import choose_precision, has_wide_vectors
from headstart.errors import PhotoError
from headstart.process.cores import count_cores

if TYPE_CHECKING:
    import openvino

Item = TypeVar("Item")
# The activations of more fall out of a core's own cache, fewer are too many calls. 11, 4, 2 and 1 photos of
# 96, 160, 224 and 320 px were about the best.
PIXELS_AT_ONCE = 100_000
THREADS_PER_CORE = 2  # with one, a tenth of the time went into waiting
BATCHES_AHEAD = 8  # per thread: enough that one slow photo does not stop the others


def plan_build(
    digest: str,
    *,
    image_size: int,
    precision: str = "auto",
    tensor: str = "features",
    float32_below: str | None = None,
    is_quantised: bool = False,
    n_cores: int | None = None,
    batch_size: int | None = None,
    entry: str | None = None,
    n_views: int = 1,
) -> Build:
    """Plan what an `Engine` runs.

    Parameters
    ----------
    digest
        What tells the network from others, such as its SHA-256.
    image_size
        Side of the square input in pixels.
    precision
        ``auto``, ``f32`` or ``bf16``; ``auto`` is bf16 where the processor computes in it, and int8 if
        ``is_quantised``.
    tensor
        Name of the layer whose output is wanted.
    float32_below
        Name of the layer below which everything is computed in float32, whatever ``precision`` is.
    is_quantised
        Whether the network is quantised to int8.
    n_cores
        That infer at a time; default: all that this process may use.
    batch_size
        Photos per inference; default: what suits their size and the processor.
    entry
        Name of the layer at which the pixels enter; None for the network's own input.
    n_views
        Of each photo; a batch has all views of some photos.

    Raises
    ------
    BackboneError
        As `choose_precision`.
    """
    n_photos = batch_size or 1
    if batch_size is None and has_wide_vectors():  # else a row would depend on the size of its batch
        n_photos = max(1, round(PIXELS_AT_ONCE / image_size**2 / n_views))
    return Build(
        digest=digest, image_size=image_size, batch_size=n_photos * n_views, entry=entry, tensor=tensor,
        float32_below=float32_below, precision=choose_precision(precision, is_quantised=is_quantised),
        n_cores=n_cores or count_cores(),
    )  # fmt: skip


class Engine:
    """A network compiled for this machine up to one layer.

    A row of the output depends on its own photo alone: neither its neighbours nor the size of the batch change a bit.

    Parameters
    ----------
    network
        An ONNX model as bytes, with one input: uint8 pixels (N, ``image_size``, ``image_size``, 3).
    build
        What `plan_build` returns for it.
    n_views
        Rows that one item makes, such as several views of a photo; as `plan_build` was told.
    """

    def __init__(self, network: bytes, build: Build, *, n_views: int = 1) -> None:
        self.n_views = n_views
        self.image_size = build.image_size
        self.precision = build.precision
        self.batch_size = build.batch_size // n_views
        self.n_threads = THREADS_PER_CORE * build.n_cores
        self._compiled = compile_network(network, build)
        self._lanes: queue.SimpleQueue[_Lane] = queue.SimpleQueue()
        for _ in range(self.n_threads):
            self._lanes.put(_Lane(self._compiled, build, n_views))

    def infer(
        self, pixels: npt.NDArray[np.uint8], load: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]] = np.asarray
    ) -> npt.NDArray[np.float32]:
        """Compute the output for pixels that are already decoded.

        Parameters
        ----------
        pixels
            (N, ``image_size``, ``image_size``, 3) uint8.
        load
            As for `stream`: makes the views of one photo, where the engine has several.

        Returns
        -------
        (N, ...) float32.
        """
        rows = [row for _, row in self.stream(pixels, load)]
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
            Gives the (``image_size``, ``image_size``, 3) uint8 pixels of one item, or as many as the engine was told
            that it has views, (V, ...), or raises PhotoError. Called from several threads at once.

        Yields
        ------
        (item, output of float32, (V, ...) of an item with views) or (item, the PhotoError that ``load`` raised), in
        the order of ``items``.
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
                    # the one that was raised holds the frames below it, and they hold the photo
                    failures[i] = type(error)(str(error))
            if len(failures) == len(batch):
                return [(item, failures[i]) for i, item in enumerate(batch)]
            rows = lane.run()
            return [(item, failures.get(i, rows[i])) for i, item in enumerate(batch)]
        finally:
            self._lanes.put(lane)


class _Lane:
    """The buffer that a batch is decoded into, and the request that runs it."""

    def __init__(self, compiled: openvino.CompiledModel, build: Build, n_views: int) -> None:
        openvino = open_openvino()

        # the engine reads this memory in place: nothing is copied
        photo = (build.image_size, build.image_size, 3)
        rows = np.zeros((build.batch_size, *photo), np.uint8)
        self.buffer = rows if n_views == 1 else rows.reshape(-1, n_views, *photo)
        self._n_views = n_views
        self._request = compiled.create_infer_request()
        self._request.set_input_tensor(openvino.Tensor(rows, shared_memory=True))

    def run(self) -> npt.NDArray[np.float32]:
        self._request.infer(share_inputs=True)
        output = np.array(self._request.get_output_tensor(0).data, np.float32)
        return output if self._n_views == 1 else output.reshape(-1, self._n_views, *output.shape[1:])
