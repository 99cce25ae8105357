"""Embedding on Ray: one task lists blocks, workers embed them, and Ray Data sees to the rest.

A worker loads the engine once. Listing waits while the workers have enough to do; a block whose worker or machine dies
is given to another. What travels are lists of paths, never photos or features: workers read and write those themselves.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from headstart import errors
from headstart.catalog.catalog import Catalog
from headstart.catalog.manifest import Manifest, parse_manifest
from headstart.errors import HeadstartError, ScaleError
from headstart.features.block_embedding import Embedded, Embedder, Embedding
from headstart.features.extraction import make_recipe
from headstart.features.parquet_parts import PartNote
from headstart.features.photo_blocks import Block, list_blocks
from headstart.scale.cluster import Cluster, use_own_context
from headstart.scale.output_folder import is_claimed
from headstart.storage.remote_paths import delete_path, find_path_kind, make_path, open_for_writing
from headstart.version import __version__

Source = str | Path | Catalog
PLAIN = ("number", "part", "n_total", "is_new")  # of what a worker answers
PATIENCE_S = 600  # for a cluster whose processors are all taken
MARK, MOST_ATTEMPTS = "_try-", 3
BLOCK, REST, ERROR = b"b", b"r", b"e"  # how what is listed begins, on its way


def embed_on_ray(
    source: Source, embedding: Embedding, folder: Path, cluster: Cluster, token: str
) -> Iterator[Embedded | Manifest]:
    """Embed a source on the workers of a cluster.

    Parameters
    ----------
    token
        Of the manifest in the folder: by it workers know that they see the same one.

    Yields
    ------
    The blocks that are done, in any order, and among them what the source says besides its photos.

    Raises
    ------
    HeadstartError
        That a worker or the listing raised.
    ScaleError
        If Ray gives up.
    """
    import ray
    from ray.data import ActorPoolStrategy

    packed = ray.put(embedding)
    try:
        with use_own_context() as context:
            # a block is a row of its own, so that each is a task and all workers have some
            context.target_max_block_size = context.target_min_block_size = 1
            context.wait_for_min_actors_s = PATIENCE_S
            dataset = ray.data.read_datasource(_make_datasource(source), override_num_blocks=1, num_cpus=0).map(
                _Worker,
                fn_constructor_args=([packed], str(folder), token, cluster.cpus_per_worker, __version__),
                num_cpus=cluster.cpus_per_worker,
                compute=ActorPoolStrategy(min_size=1, max_size=cluster.n_workers, initial_size=cluster.n_workers),
            )
            for row in dataset.iter_rows():
                yield _unpack(row["answer"])
    except HeadstartError:
        raise
    except Exception as error:
        line = (str(error).strip().splitlines() or [""])[-1].rstrip(".")[:300]
        raise ScaleError(
            f"Cannot go on with the Ray cluster: {type(error).__name__}: {line}. The same command goes on from here."
        ) from None


def _make_datasource(source: Source) -> Any:
    import pyarrow as pa
    from ray.data import Datasource, ReadTask
    from ray.data.block import BlockMetadata

    def read() -> Iterable[pa.Table]:
        for packed in _pack_listing(source):
            yield pa.table({"block": pa.array([packed], pa.binary())})

    class Listing(Datasource):
        def estimate_inmemory_data_size(self) -> None:
            return None

        def get_read_tasks(self, *_: Any, **__: Any) -> list[ReadTask]:
            return [ReadTask(read, BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None))]

    return Listing()  # type: ignore[no-untyped-call]


def _pack_listing(source: Source) -> Iterator[bytes]:
    try:
        for one in list_blocks(source):
            if isinstance(one, Block):
                yield BLOCK + one.to_bytes()
            else:
                yield REST + Manifest({}, "").describe(one.found, one.n_blocks).to_bytes()
    except Exception as error:
        yield _pack_error(error)


def _pack_error(error: Exception) -> bytes:
    """Pack an error to be raised where the command was given: Ray would wrap it into its own."""
    if isinstance(error, HeadstartError):
        return ERROR + json.dumps([type(error).__name__, str(error)]).encode()
    line = (str(error).strip().splitlines() or [""])[0]
    text = f"Cannot embed on {platform.node()}: {type(error).__name__}: {line}. The same command goes on from here."
    return ERROR + json.dumps(["ScaleError", text]).encode()


class _Worker:
    """Embeds the blocks that it is given, with an engine that it loads when the first one comes."""

    def __init__(self, packed: list[Any], folder: str, token: str, n_cores: int, version: str) -> None:
        self._packed, self._folder, self._token = packed, make_path(folder), token
        self._n_cores, self._version = n_cores, version

    @cached_property
    def _embedding(self) -> Embedding:
        import ray

        embedding: Embedding = ray.get(self._packed[0])
        _check_worker(embedding, self._folder, self._token, self._version)
        return embedding

    @cached_property
    def _embedder(self) -> Embedder:
        return Embedder(self._embedding, self._folder, self._n_cores)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        data = bytes(row["block"])
        if not data.startswith(BLOCK):
            return {"answer": data}
        block = Block.from_bytes(data[len(BLOCK) :])
        try:
            _ = self._embedding  # checked before anything is written
            with self._mark_attempt(block):
                done = self._embedder.embed(block)
        except OSError as error:
            reason = f"Cannot write features to '{self._folder}': {error.strerror or error}."
            return {"answer": _pack_error(ScaleError(f"{reason} The same command goes on from here."))}
        except Exception as error:
            return {"answer": _pack_error(error)}
        record = {name: getattr(done, name) for name in PLAIN} | {"note": done.note.to_record()}
        return {"answer": BLOCK + json.dumps(record).encode()}

    @contextmanager
    def _mark_attempt(self, block: Block) -> Iterator[None]:
        """Leave a mark while a block is embedded: what kills a worker each time would be tried without end.

        Raises
        ------
        ScaleError
            If workers have died in the block `MOST_ATTEMPTS` times.
        """
        marks = [self._folder / f"{MARK}{self._token}-{block.number}-{n}" for n in range(MOST_ATTEMPTS)]
        used = next((n for n, mark in enumerate(marks) if find_path_kind(mark) is None), None)
        if used is None:
            names = [one.file for one in block.photos] or [str(block.shard)]
            raise ScaleError(
                f"Cannot embed '{names[0]}' to '{names[-1]}': workers died {MOST_ATTEMPTS} times in these "
                f"{len(names):,} files, so one of them may be what kills them, or memory is short. Embed them without "
                "--ray to see, and leave it out."
            )
        with open_for_writing(marks[used]):
            pass
        try:
            yield
        finally:
            for mark in marks[: used + 1]:
                delete_path(mark)


def _unpack(answer: bytes) -> Embedded | Manifest:
    if answer.startswith(ERROR):
        name, message = json.loads(answer[len(ERROR) :])
        raise getattr(errors, name, ScaleError)(message)
    if answer.startswith(REST):
        return parse_manifest(answer[len(REST) :])
    record = json.loads(answer[len(BLOCK) :])
    return Embedded(note=PartNote.from_record(record.pop("note")), **record)


def _check_worker(embedding: Embedding, folder: Path, token: str, version: str) -> None:
    """Raise ScaleError if this machine would compute other features, or write them elsewhere."""
    node = platform.node()
    if __version__ != version:
        raise ScaleError(
            f"Cannot embed on {node}: it has Headstart {__version__}, need {version} as where the command was given. "
            "Install the same on all machines."
        )
    if not is_claimed(folder, token):
        raise ScaleError(
            f"Cannot embed on {node}: it does not see '{folder}' as the machine does where the command was given. Give "
            "an --out that all machines share, such as s3://bucket/features.parquet; for headstart train, set "
            "HEADSTART_CACHE to a folder that they share, or embed first."
        )
    recipe = embedding.recipe
    here = make_recipe(embedding.backbone, recipe.image_size, recipe.precision)
    if (here.decoder, here.engine.split(",")[:2]) != (recipe.decoder, recipe.engine.split(",")[:2]):
        raise ScaleError(
            f"Cannot embed on {node}: it has other versions of what decodes and computes ({here.decoder}; "
            f"{here.engine}), need {recipe.decoder}; {recipe.engine}. Install the same on all machines."
        )
