"""The catalog of a training, and what lies ready of its features: from an earlier embedding, or from a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.backbone.backbone import Backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.manifest import read_manifest
from headstart.catalog.scan import scan_photos
from headstart.features.extraction import make_feature_spec
from headstart.features.stored_features import StoredFeatures
from headstart.process.progress import show_progress
from headstart.storage.remote_paths import expand_path, find_path_kind

if TYPE_CHECKING:
    from headstart.scale.cluster import Cluster


@dataclass(frozen=True)
class CatalogLoader:
    """Scans photos, and has features computed on a cluster where there is one.

    Attributes
    ----------
    is_caching
        Keep digests, and features that a cluster computes, in the user's cache.
    say
        Called with sentences for the user.
    """

    backbone: Backbone
    image_size: int
    precision: str
    seed: int
    cluster: Cluster | None
    is_caching: bool
    verbose: bool
    say: Callable[[str], None]

    def gather(self, photos: Catalog | str | Path) -> tuple[Catalog, StoredFeatures | None]:
        """Return the catalog of a source, and features of its photos as they are, if they lie ready.

        On a cluster photos are read there, once, and not here.
        """
        if isinstance(photos, Catalog):
            return photos, None
        path = expand_path(photos)
        if tell_kind_of_source(path) == "folder" and read_manifest(path) is not None:
            return self._scan(photos), self._open(path)
        if self.cluster is None:
            return self._scan(photos), None
        from headstart.scale.cluster_features import embed_source

        embedded = embed_source(
            path, self.backbone, self.cluster, image_size=self.image_size, precision=self.precision,
            cache=self.is_caching, verbose=self.verbose,
        )  # fmt: skip
        return replace(self._scan(embedded.folder), source=str(photos)), embedded

    def _open(self, folder: Path) -> StoredFeatures:
        embedded = StoredFeatures(folder)
        if not embedded.fits(make_feature_spec(self.backbone, self.image_size, self.precision)):
            self.say(f"The features in '{folder}' are of another network or image size: they are computed anew.")
        return embedded

    def _scan(self, source: str | Path) -> Catalog:
        with show_progress("Scanning", is_shown=self.verbose) as progress:
            return scan_photos(source, seed=self.seed, cache=self.is_caching, progress=progress)


def tell_kind_of_source(path: Path) -> str | None:
    """Return what a source is; None also where that cannot be told, which scanning says."""
    try:
        return find_path_kind(path)
    except (OSError, ValueError):
        return None
