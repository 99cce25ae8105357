"""Compute the features of photos into a folder of Parquet files; the same call continues a stopped run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.manifest import Manifest
from headstart.catalog.missing_files import note_missing
from headstart.catalog.photo import Skip
from headstart.catalog.source import Source
from headstart.errors import ScaleError
from headstart.features.block_embedding import BlockEmbedder, EmbeddedBlock, EmbeddingSettings
from headstart.features.output_folder import (
    check_folder,
    claim_folder,
    finish_folder,
    release_folder,
    write_alone,
)
from headstart.features.photo_blocks import list_blocks
from headstart.process.progress import Progress, show_progress
from headstart.storage.remote_paths import make_path


@dataclass(frozen=True)
class EmbeddingTask:
    """Which photos to embed, how, and into which folder; ``token`` is that of the folder's claim."""

    source: Source | Catalog
    settings: EmbeddingSettings
    folder: Path
    token: str


EmbedBlocks = Callable[[EmbeddingTask, Progress], Iterator[EmbeddedBlock | Manifest]]
"""A way to compute: yields the blocks in any order, and among them the facts that `list_blocks` yields last.

It may report progress inside a block; progress between blocks is reported for it.
"""


@dataclass(frozen=True)
class EmbeddedFolder:
    """Result of an embedding.

    Attributes
    ----------
    folder
        Folder of Parquet files. Columns: path, label, split, group, weight, hash (SHA-256 of the photo's bytes), view,
        and features, a list of fixed length.
    n_photos
        Number of photos with features.
    n_new
        Number of those photos that were computed by this call.
    skipped
        Files that were left out, with reasons.
    """

    folder: Path
    n_photos: int
    n_new: int
    skipped: tuple[Skip, ...]
    seconds: float


def embed_locally(task: EmbeddingTask, progress: Progress) -> Iterator[EmbeddedBlock | Manifest]:
    """Embed one block after the other in this process; see `EmbedBlocks`."""
    embedder, n_before = None, 0
    for one in list_blocks(task.source):
        if isinstance(one, Manifest):
            yield one
            continue
        embedder = embedder or BlockEmbedder(task.settings, task.folder)  # late: listing may find errors of the source
        done = embedder.embed(one, partial(_report, progress, n_before, one.n_total))
        n_before += done.summary.n_files
        yield done


def embed_into_folder(
    source: Source | Catalog, folder: Path, settings: EmbeddingSettings, *, embed_blocks: EmbedBlocks = embed_locally,
    overwrite: bool = False, verbose: bool = True,
) -> EmbeddedFolder:  # fmt: skip
    """Compute the features of photos into a folder of Parquet files.

    Every photo is read once: hashed, decoded and inferred. If a run was stopped or killed, the same call continues it:
    finished blocks are kept.

    Parameters
    ----------
    embed_blocks
        Way to compute. Default: in this process.
    overwrite
        Replace features of other photos or settings in the folder.
    """
    started = time.perf_counter()
    if not isinstance(source, Catalog):
        source = source.make_absolute()  # the features may be read from another working folder
    try:
        check_folder(source, folder, settings, overwrite=overwrite)  # an error here waits for no other command
        with write_alone(folder, verbose=verbose):
            manifest = claim_folder(source, folder, settings, overwrite=overwrite)
            try:
                with show_progress("Embedding", is_shown=verbose) as progress:
                    task = EmbeddingTask(source, settings, folder, manifest.token)
                    done, facts = _collect(embed_blocks(task, progress), progress)
                manifest = _complete_manifest(manifest, facts, done)
                finish_folder(folder, manifest)
            finally:
                release_folder(folder, manifest)
    except OSError as error:
        raise ScaleError(
            f"Cannot write features to '{folder}': {error.strerror or error}. Finished blocks are kept: the same "
            "command continues from here."
        ) from None
    n_new = sum(one.summary.n_photos for one in done if one.is_new)
    broken = [Skip(make_path(photo.file), reason) for photo, reason in manifest.broken]
    seconds = time.perf_counter() - started
    return EmbeddedFolder(folder, manifest.n_photos, n_new, (*manifest.skipped, *broken), seconds)


def _report(progress: Progress, n_before: int, n_total: int, n: int = 0) -> None:
    progress(n_before + n, n_total or n_before + n + 1)  # the number of photos in tar shards is not known


def _collect(results: Iterator[EmbeddedBlock | Manifest], progress: Progress) -> tuple[list[EmbeddedBlock], Manifest]:
    """Return the finished blocks, in order, and the facts about the source."""
    done: list[EmbeddedBlock] = []
    facts: Manifest | None = None
    n_done = 0
    for one in results:
        if isinstance(one, Manifest):
            facts = one
            continue
        done.append(one)
        n_done += one.summary.n_files
        _report(progress, n_done, one.n_total)
    done.sort(key=lambda one: one.number)
    if facts is None or [one.number for one in done] != list(range(facts.n_blocks)):
        raise ScaleError(
            "Cannot finish the embedding: got missing or repeated blocks, need each block once. Give the same command "
            "again: it continues from here."
        )
    return done, facts


def _complete_manifest(manifest: Manifest, facts: Manifest, done: list[EmbeddedBlock]) -> Manifest:
    """Return the manifest of the finished folder."""
    skipped = [Skip(make_path(path), reason) for one in done for path, reason in one.summary.skipped]
    broken = tuple(pair for one in done for pair in one.summary.broken)
    n_photos = sum(one.summary.n_photos for one in done)
    left_out = [*facts.skipped, *skipped, *(Skip(make_path(one.file), reason) for one, reason in broken)]
    if not n_photos:
        example = f", such as '{left_out[0].path}': {left_out[0].reason}" if left_out else ""
        missing = note_missing(left_out, len(left_out), make_path(facts.root))
        raise ScaleError(
            f"Cannot embed '{manifest.source}': got no usable photo, {len(left_out):,} left out{example}. "
            f"{'' if missing is None else f'{missing} '}Check the paths."
        )
    return replace(
        facts, recipe=manifest.recipe, source=manifest.source, token=manifest.token, is_complete=True,
        skipped=(*facts.skipped, *skipped), broken=broken, parts=tuple(one.part for one in done), n_photos=n_photos,
    )  # fmt: skip
