"""Compute features on a Ray cluster: into a given folder, or for a training into the user's cache folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from headstart.backbone.backbone import BackboneSetup
from headstart.catalog.catalog import Catalog
from headstart.catalog.source import Source
from headstart.features.block_embedding import EmbeddingSettings, make_embedding_settings
from headstart.features.folder_embedding import EmbeddedFolder, embed_into_folder
from headstart.features.stored_features import FOLDER, StoredFeatures
from headstart.scale.cluster import Cluster
from headstart.scale.embedding_actors import embed_on_ray
from headstart.storage.local_files import find_cache_folder
from headstart.storage.result_cache import name_result


def embed_on_cluster(
    source: Source | Catalog, folder: Path, settings: EmbeddingSettings, cluster: Cluster, *, overwrite: bool = False,
    verbose: bool = True,
) -> EmbeddedFolder:  # fmt: skip
    """Compute the features of photos on a cluster; see `embed_into_folder`."""
    return embed_into_folder(
        source, folder, settings, embed_blocks=lambda task, _: embed_on_ray(task, cluster), overwrite=overwrite,
        verbose=verbose,
    )  # fmt: skip


def embed_source(
    source: Source, setup: BackboneSetup, cluster: Cluster, *, cache: bool, verbose: bool
) -> StoredFeatures:
    """Return the features of a source, computed on a cluster. Finished blocks of earlier calls are kept.

    Without ``cache``, the features are deleted when the connection to the cluster ends.
    """
    settings = make_embedding_settings(setup)
    folder = _name_folder(cluster, settings, [str(source.path)], cache=cache)
    embed_on_cluster(source, folder, settings, cluster, verbose=verbose)
    return StoredFeatures(folder)


def embed_catalog(
    catalog: Catalog, setup: BackboneSetup, cluster: Cluster, *, n_views: int, is_averaged: bool, seed: int,
    stored: StoredFeatures | None, cache: bool, verbose: bool,
) -> StoredFeatures:  # fmt: skip
    """Return the features of a catalog's photos: ``stored``, if they fit, or else computed on a cluster.

    The other parameters are those of `list_views` and `embed_source`.
    """
    settings = make_embedding_settings(setup, n_views=n_views, is_averaged=is_averaged, seed=seed)
    if stored is not None and n_views == 1 and stored.fits(settings.spec):
        return stored
    facts = [catalog.source, *(f"{photo.file} {photo.digest}" for photo in catalog.photos)]
    folder = _name_folder(cluster, settings, facts, cache=cache)
    embed_on_cluster(catalog, folder, settings, cluster, verbose=verbose)
    return StoredFeatures(folder)


def _name_folder(cluster: Cluster, settings: EmbeddingSettings, facts: list[str], *, cache: bool) -> Path:
    """Return a folder for features, named by everything that decides them; without the cache, a temporary folder."""
    home = find_cache_folder().absolute() / FOLDER
    if cache:
        return home / name_result(*facts, repr(settings.describe()))
    folder = home / f"passing-{secrets.token_hex(8)}"
    cluster.temporary_folders.append(folder)
    return folder
