"""Photos become a folder of features in Parquet, on this machine or on a cluster, and go on where they were left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.manifest import Manifest
from headstart.catalog.photo import Skip
from headstart.catalog.sources import open_source
from headstart.errors import ScaleError
from headstart.features.block_embedding import DTYPES, Embedded, Embedder, Embedding, plan_embedding
from headstart.features.photo_blocks import Block, list_blocks
from headstart.process.progress import Progress, show_progress
from headstart.scale.cluster import Cluster, connect
from headstart.scale.output_folder import Source, claim_folder, release_folder, settle_folder
from headstart.storage.remote_paths import check_pyarrow, expand_path, make_path


@dataclass(frozen=True)
class EmbeddedFolder:
    """What an embedding wrote.

    Attributes
    ----------
    folder
        Of Parquet files: columns path, label, split, group, weight, hash (SHA-256 of the photo's bytes), view, and
        features, a list of fixed length.
    n_photos
        With features; ``n_new`` of them were computed now, the others were there.
    skipped
        What was left out, and why.
    """

    folder: Path
    n_photos: int
    n_new: int
    skipped: tuple[Skip, ...]
    seconds: float


def embed_photos(
    source: Source,
    out: str | Path,
    *,
    ray: str | None = None,
    backbone: str = "mobilenet_v2",
    image_size: int | None = None,
    precision: str = "auto",
    dtype: str = "float32",
    overwrite: bool = False,
    verbose: bool = True,
) -> EmbeddedFolder:
    """Compute the features of labelled photos into a folder of Parquet files.

    Every photo is read once: hashed, decoded and inferred. A run that was stopped, however it was, goes on with the
    same call: blocks that were done are kept.

    Parameters
    ----------
    source
        As of `scan_photos`.
    out
        The folder, which may be a URI such as ``s3://bucket/features.parquet``.
    ray
        Where to work: None, in this process; ``local``, on a Ray of its own on this machine; or the address of a
        cluster, all of whose machines must see the photos and ``out``.
    backbone, image_size, precision
        As of `Settings`.
    dtype
        ``float32``, or ``float16``, which takes half the room.
    overwrite
        Replace features of other photos, or of another recipe, that are there.

    Raises
    ------
    HeadstartError
        If the photos, the folder or the cluster cannot be used.
    """
    if dtype not in DTYPES:
        raise ScaleError(f"Cannot embed as {dtype!r}: need one of {', '.join(DTYPES)}.")
    check_pyarrow("write Parquet")
    loaded = load_backbone(backbone)
    size_px = loaded.spec.check_image_size(image_size)
    embedding = plan_embedding(loaded, size_px, precision, dtype=dtype)
    if not isinstance(source, Catalog):
        open_source(source)  # before Ray is started for it
    with connect(ray, verbose=verbose) if ray is not None else nullcontext() as cluster:
        return write_features(source, expand_path(out), embedding, cluster, overwrite=overwrite, verbose=verbose)


def write_features(
    source: Source, folder: Path, embedding: Embedding, cluster: Cluster | None, *, overwrite: bool = False,
    verbose: bool = True,
) -> EmbeddedFolder:  # fmt: skip
    """Compute the features of photos into a folder, in this process or on a cluster; see `embed_photos`."""
    started = time.perf_counter()
    if not isinstance(source, Catalog):
        source = expand_path(open_source(source)[0])  # the features may be read from elsewhere
    try:
        manifest = claim_folder(source, folder, embedding, overwrite=overwrite)
        try:
            with show_progress("Embedding", is_shown=verbose) as progress:
                if cluster is None:
                    course = _embed_here(source, embedding, folder, progress)
                else:
                    from headstart.scale.embedding_actors import embed_on_ray

                    course = embed_on_ray(source, embedding, folder, cluster, manifest.token)
                done, rest = _follow(course, progress, is_counting=cluster is not None)
            manifest = _finish(manifest, rest, done)
            settle_folder(folder, manifest)
        finally:
            release_folder(folder, manifest)
    except OSError as error:
        raise ScaleError(
            f"Cannot write features to '{folder}': {error.strerror or error}. What was done is kept: the same command "
            "goes on from here."
        ) from None
    n_new = sum(one.note.n_photos for one in done if one.is_new)
    broken = [Skip(make_path(photo.file), reason) for photo, reason in manifest.broken]
    return EmbeddedFolder(folder, manifest.n_photos, n_new, (*manifest.skipped, *broken), time.perf_counter() - started)


def _embed_here(
    source: Source, embedding: Embedding, folder: Path, progress: Progress
) -> Iterator[Embedded | Manifest]:
    """Embed block after block in this process."""
    embedder, n_before = None, 0
    for one in list_blocks(source):
        if not isinstance(one, Block):
            yield Manifest({}, "").describe(one.found, one.n_blocks)
            continue
        embedder = embedder or Embedder(embedding, folder)  # after what may be wrong with the source
        done = embedder.embed(one, partial(_show_within, progress, n_before, one.n_total))
        n_before += done.note.n_done
        _show(progress, n_before, one.n_total)
        yield done


def _show_within(progress: Progress, n_before: int, n_total: int, n: int) -> None:
    _show(progress, n_before + n, n_total)


def _show(progress: Progress, n_done: int, n_total: int) -> None:
    progress(n_done, n_total or n_done + 1)  # of shards nobody knows how many photos will come


def _follow(
    course: Iterator[Embedded | Manifest], progress: Progress, *, is_counting: bool
) -> tuple[list[Embedded], Manifest]:
    """Return the blocks that are done, in order, and what the source says besides."""
    done: list[Embedded] = []
    rest: Manifest | None = None
    n_done = 0
    for one in course:
        if isinstance(one, Manifest):
            rest = one
            continue
        done.append(one)
        n_done += one.note.n_done
        if is_counting:
            _show(progress, n_done, one.n_total)
    done.sort(key=lambda one: one.number)
    if rest is None or [one.number for one in done] != list(range(rest.n_blocks)):
        raise ScaleError(
            "Cannot finish the embedding: got blocks missing or done twice, need each once. Give the same command "
            "again: it goes on from here."
        )
    return done, rest


def _finish(manifest: Manifest, rest: Manifest, done: list[Embedded]) -> Manifest:
    """Return the manifest of the whole."""
    skipped = [Skip(make_path(path), reason) for one in done for path, reason in one.note.skipped]
    broken = tuple(pair for one in done for pair in one.note.broken)
    n_photos = sum(one.note.n_photos for one in done)
    left_out = [*rest.skipped, *skipped, *(Skip(make_path(one.file), reason) for one, reason in broken)]
    if not n_photos:
        such = f", such as '{left_out[0].path}': {left_out[0].reason}" if left_out else ""
        raise ScaleError(
            f"Cannot embed '{manifest.source}': got no photo that can be used, {len(left_out):,} left out{such}. Check "
            "the paths."
        )
    return replace(
        rest, recipe=manifest.recipe, source=manifest.source, token=manifest.token, is_complete=True,
        skipped=(*rest.skipped, *skipped), broken=broken, parts=tuple(one.part for one in done), n_photos=n_photos,
    )  # fmt: skip
