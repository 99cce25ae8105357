"""Embed photos on Ray: one task lists blocks of photos, and actors embed them. Ray Data distributes the blocks.

Each actor loads the engine once. Listing waits while the actors have enough to do. If an actor or its machine dies,
another actor gets the block. Only lists of paths travel between machines: actors read photos and write features.
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
from headstart.catalog.source import Source
from headstart.errors import HeadstartError, ScaleError
from headstart.features.block_embedding import BlockEmbedder, EmbeddedBlock, EmbeddingSettings
from headstart.features.extraction import make_feature_spec
from headstart.features.folder_embedding import EmbeddingTask
from headstart.features.output_folder import ATTEMPT, is_claimed
from headstart.features.parquet_parts import PartSummary
from headstart.features.photo_blocks import Block, list_blocks
from headstart.scale.cluster import Cluster, use_quiet_data_context
from headstart.storage.remote_paths import delete_path, find_path_kind, make_path, open_for_writing
from headstart.version import __version__

PLAIN = ("number", "part", "n_total", "is_new")  # fields of an embedded block that JSON can hold
MAX_WAIT_S = 600  # for free processors of the cluster
MAX_ATTEMPTS = 3  # at a block in which actors die
BLOCK, FACTS, ERROR = b"b", b"r", b"e"  # first byte of a message: its kind


def embed_on_ray(task: EmbeddingTask, cluster: Cluster) -> Iterator[EmbeddedBlock | Manifest]:
    """Compute the features of a source by Ray actors on a cluster; raise ScaleError if Ray cannot continue.

    Yields each finished block, in any order, and the facts about the source, as `EmbedBlocks` says.
    """
    import ray
    from ray.data import ActorPoolStrategy

    settings = ray.put(task.settings)
    try:
        with use_quiet_data_context() as context:
            # each row is a block of Ray's own, so that all actors get work
            context.target_max_block_size = context.target_min_block_size = 1
            context.wait_for_min_actors_s = MAX_WAIT_S
            dataset = ray.data.read_datasource(_make_datasource(task.source), override_num_blocks=1, num_cpus=0).map(
                EmbeddingActor,
                fn_constructor_args=([settings], str(task.folder), task.token, cluster.cpus_per_worker, __version__),
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
            f"Cannot continue on the Ray cluster: {type(error).__name__}: {line}. The same command continues from here."
        ) from None


def _make_datasource(source: Source | Catalog) -> Any:
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


def _pack_listing(source: Source | Catalog) -> Iterator[bytes]:
    try:
        for one in list_blocks(source):
            yield (BLOCK if isinstance(one, Block) else FACTS) + one.to_bytes()
    except Exception as error:
        yield _pack_error(error)


def _pack_error(error: Exception) -> bytes:
    """Pack an error, to raise it again in the user's program: Ray would wrap it in an error of its own."""
    if not isinstance(error, HeadstartError):
        line = (str(error).strip().splitlines() or [""])[0]
        reason = f"{type(error).__name__}: {line}"
        error = ScaleError(f"Cannot embed on {platform.node()}: {reason}. The same command continues from here.")
    facts = {"path": error.path and str(error.path), "label": error.label, "extra": error.extra}
    return ERROR + json.dumps([type(error).__name__, str(error), facts]).encode()


class EmbeddingActor:
    """Embeds the blocks that Ray Data passes to it. The engine is loaded when the first block comes.

    ``settings`` holds one reference to the settings: in a list, Ray leaves it a reference until it is needed.
    ``version`` is that of Headstart in the user's program.
    """

    def __init__(self, settings: list[Any], folder: str, token: str, n_cores: int, version: str) -> None:
        self._reference, self._folder, self._token = settings, make_path(folder), token
        self._n_cores, self._version = n_cores, version

    @cached_property
    def _settings(self) -> EmbeddingSettings:
        import ray

        settings: EmbeddingSettings = ray.get(self._reference[0])
        _check_machine(settings, self._folder, self._token, self._version)
        return settings

    @cached_property
    def _embedder(self) -> BlockEmbedder:
        return BlockEmbedder(self._settings, self._folder, self._n_cores)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Embed a block, and return what `embed_on_ray` unpacks; pass on messages of the listing."""
        data = bytes(row["block"])
        if not data.startswith(BLOCK):
            return {"answer": data}
        block = Block.from_bytes(data[len(BLOCK) :])
        try:
            _ = self._settings  # checks this machine before anything is written
            with self._count_attempt(block):
                done = self._embedder.embed(block)
        except OSError as error:
            reason = f"Cannot write features to '{self._folder}': {error.strerror or error}."
            return {"answer": _pack_error(ScaleError(f"{reason} The same command continues from here."))}
        except Exception as error:
            return {"answer": _pack_error(error)}
        record = {name: getattr(done, name) for name in PLAIN} | {"summary": done.summary.to_record()}
        return {"answer": BLOCK + json.dumps(record).encode()}

    @contextmanager
    def _count_attempt(self, block: Block) -> Iterator[None]:
        """Leave a file while a block is embedded; without a count, a photo that kills actors would be tried forever."""
        marks = [self._folder / f"{ATTEMPT}{self._token}-{block.number}-{n}" for n in range(MAX_ATTEMPTS)]
        used = next((n for n, mark in enumerate(marks) if find_path_kind(mark) is None), None)
        if used is None:
            names = [one.file for one in block.photos] or [str(block.shard)]
            raise ScaleError(
                f"Cannot embed '{names[0]}' to '{names[-1]}': workers died {MAX_ATTEMPTS} times in these "
                f"{len(names):,} files. One of the files may cause it, or memory is short. Embed them without --ray to "
                "find the file, and leave it out."
            )
        with open_for_writing(marks[used]):
            pass
        try:
            yield
        finally:
            for mark in marks[: used + 1]:
                delete_path(mark)


def _unpack(answer: bytes) -> EmbeddedBlock | Manifest:
    if answer.startswith(ERROR):
        name, message, facts = json.loads(answer[len(ERROR) :])
        raise getattr(errors, name, ScaleError)(message, **facts)
    if answer.startswith(FACTS):
        return parse_manifest(answer[len(FACTS) :])
    record = json.loads(answer[len(BLOCK) :])
    return EmbeddedBlock(summary=PartSummary.from_record(record.pop("summary")), **record)


def _check_machine(settings: EmbeddingSettings, folder: Path, token: str, version: str) -> None:
    """Raise ScaleError if this machine would compute other features, or write them elsewhere."""
    node = platform.node()
    if __version__ != version:
        raise ScaleError(
            f"Cannot embed on {node}: got Headstart {__version__} there, need {version} as in your program. Install "
            "the same version on all machines."
        )
    if not is_claimed(folder, token):
        raise ScaleError(
            f"Cannot embed on {node}: it does not see '{folder}' as your machine does. Give an --out that all machines "
            "share, such as s3://bucket/features.parquet; for headstart train, set HEADSTART_CACHE to a folder that "
            "they share, or embed first.",
            path=folder,
        )
    spec = settings.spec
    here = make_feature_spec(settings.setup)
    if (here.decoder, here.engine.split(",")[:2]) != (spec.decoder, spec.engine.split(",")[:2]):
        raise ScaleError(
            f"Cannot embed on {node}: got other versions of the decoder and the engine there ({here.decoder}; "
            f"{here.engine}), need {spec.decoder}; {spec.engine}. Install the same versions on all machines. If "
            "only some have a GPU, set CUDA_VISIBLE_DEVICES= (to nothing) on all."
        )
