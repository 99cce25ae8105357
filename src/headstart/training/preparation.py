"""The catalog of a training, and its stored features: from an earlier ``embed``, or from a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from headstart.backbone.backbone import BackboneSetup
from headstart.catalog.catalog import Catalog
from headstart.catalog.scan import scan_photos
from headstart.catalog.source import PhotoSource, Source, find_source
from headstart.features.extraction import make_feature_spec
from headstart.features.stored_features import StoredFeatures
from headstart.methods.training_context import TrainingContext
from headstart.process.progress import show_progress
from headstart.training.grown_run import GrownRun


def load_catalog(
    photos: Catalog | PhotoSource | GrownRun, context: TrainingContext, *, seed: int, say: Callable[[str], None]
) -> tuple[Catalog, StoredFeatures | None]:
    """Return the catalog of a source, and the stored features of its photos as they are, if there are any.

    Stored features come from an earlier ``headstart embed``, or are computed on the cluster of the context. The cluster
    reads the photos, and this process does not.
    """
    if isinstance(photos, Catalog):
        return photos, None
    if isinstance(photos, GrownRun):
        return photos.make_catalog(cache=context.cache, is_shown=context.verbose), None
    source = find_source(photos)
    if source.kind == "embedded":
        return _scan(source, context, seed), _open_stored(source.make_absolute().path, context.setup, say)
    if context.cluster is None:
        return _scan(source, context, seed), None
    from headstart.scale.cluster_features import embed_source

    plain = replace(source.make_absolute(), group_from=None)  # the cluster reads the photos of some sources itself
    stored = embed_source(plain, context.setup, context.cluster, cache=context.cache, verbose=context.verbose)
    found = find_source(stored.folder)
    found = replace(found, group_from=source.group_from, group_root=plain.path)
    return replace(_scan(found, context, seed), source=source.name), stored


def _open_stored(folder: Path, setup: BackboneSetup, say: Callable[[str], None]) -> StoredFeatures:
    stored = StoredFeatures(folder)
    if not stored.fits(make_feature_spec(setup)):
        say(f"The features in '{folder}' are of another network, image size or depth: they are computed anew.")
    return stored


def _scan(source: Source, context: TrainingContext, seed: int) -> Catalog:
    with show_progress("Scanning", is_shown=context.verbose) as progress:
        return scan_photos(source, seed=seed, cache=context.cache, progress=progress)
