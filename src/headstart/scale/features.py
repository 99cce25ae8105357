"""Features for a training, computed on a cluster into the user's cache folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.backbone.loading import Backbone
from headstart.catalog.table import Catalog
from headstart.features.embedded import FOLDER, EmbeddedFeatures
from headstart.features.embedding import Embedding, plan_embedding
from headstart.folders import find_cache_folder
from headstart.scale.cluster import Cluster
from headstart.scale.embed import write_features
from headstart.shelf import name_result


def embed_source(
    source: Path, backbone: Backbone, cluster: Cluster, *, image_size: int, precision: str, verbose: bool
) -> EmbeddedFeatures:
    """Embed a source on a cluster, or go on with it; what was embedded before is kept.

    Raises
    ------
    HeadstartError
        As `write_features`.
    """
    embedding = plan_embedding(backbone, image_size, precision)
    folder = find_cache_folder() / FOLDER / name_result(str(source.absolute()), repr(embedding.describe()))
    write_features(source, folder, embedding, cluster, verbose=verbose)
    return EmbeddedFeatures(folder)


@contextmanager
def embed_catalog(
    catalog: Catalog, backbone: Backbone, cluster: Cluster, *, image_size: int, precision: str, n_views: int,
    is_averaged: bool, seed: int, ready: EmbeddedFeatures | None, is_kept: bool, verbose: bool,
) -> Iterator[EmbeddedFeatures]:  # fmt: skip
    """Give features of a catalog's photos in so many views, from those that are ready or computed on a cluster.

    Parameters
    ----------
    n_views, is_averaged, seed
        As `list_views`.
    is_kept
        Keep them for the next training; otherwise they are deleted when the block ends.
    """
    embedding = plan_embedding(
        backbone, image_size, precision, n_views=n_views, is_averaged=is_averaged, seed=seed
    )  # fmt: skip
    if ready is not None and n_views == 1 and ready.fits(embedding.recipe):
        yield ready
        return
    folder = find_cache_folder() / FOLDER / _name_catalog(catalog, embedding)
    try:
        write_features(catalog, folder, embedding, cluster, verbose=verbose)
        yield EmbeddedFeatures(folder)
    finally:
        if not is_kept:
            shutil.rmtree(folder, ignore_errors=True)


def _name_catalog(catalog: Catalog, embedding: Embedding) -> str:
    digests = name_result(*(photo.digest for photo in catalog.photos))
    return name_result(digests, repr(embedding.describe()))
