"""Features for a training, computed on a cluster into the user's cache folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from headstart.backbone.backbone import Backbone
from headstart.catalog.catalog import Catalog
from headstart.features.block_embedding import Embedding, plan_embedding
from headstart.features.stored_features import FOLDER, EmbeddedFeatures
from headstart.scale.cluster import Cluster
from headstart.scale.embed import write_features
from headstart.storage.local_files import find_cache_folder
from headstart.storage.result_cache import name_result


def embed_source(
    source: Path, backbone: Backbone, cluster: Cluster, *, image_size: int, precision: str, is_kept: bool, verbose: bool
) -> EmbeddedFeatures:
    """Embed a source on a cluster, or go on with it; what was embedded before is kept.

    Parameters
    ----------
    is_kept
        Keep them for the next training; otherwise they are deleted when the connection to the cluster ends.

    Raises
    ------
    HeadstartError
        As `write_features`.
    """
    embedding = plan_embedding(backbone, image_size, precision)
    folder = _name_folder(cluster, embedding, [str(source.absolute())], is_kept=is_kept)
    write_features(source, folder, embedding, cluster, verbose=verbose)
    return EmbeddedFeatures(folder)


def embed_catalog(
    catalog: Catalog, backbone: Backbone, cluster: Cluster, *, image_size: int, precision: str, n_views: int,
    is_averaged: bool, seed: int, ready: EmbeddedFeatures | None, is_kept: bool, verbose: bool,
) -> EmbeddedFeatures:  # fmt: skip
    """Return features of a catalog's photos in so many views, from those that are ready or computed on a cluster.

    Parameters
    ----------
    n_views, is_averaged, seed
        As `list_views`.
    is_kept
        As for `embed_source`.
    """
    embedding = plan_embedding(
        backbone, image_size, precision, n_views=n_views, is_averaged=is_averaged, seed=seed
    )  # fmt: skip
    if ready is not None and n_views == 1 and ready.fits(embedding.recipe):
        return ready
    facts = [catalog.source, *(f"{photo.file} {photo.digest}" for photo in catalog.photos)]
    folder = _name_folder(cluster, embedding, facts, is_kept=is_kept)
    write_features(catalog, folder, embedding, cluster, verbose=verbose)
    return EmbeddedFeatures(folder)


def _name_folder(cluster: Cluster, embedding: Embedding, facts: list[str], *, is_kept: bool) -> Path:
    """Return the folder for features, named by all that decides them; if they are not kept, by nothing."""
    home = find_cache_folder().absolute() / FOLDER
    if is_kept:
        return home / name_result(*facts, repr(embedding.describe()))
    folder = home / f"passing-{secrets.token_hex(8)}"
    cluster.leftovers.append(folder)
    return folder
