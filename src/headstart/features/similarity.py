"""Measure how similar photos are to ImageNet, by the statistics in the backbone's batch norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.backbone.backbone import Backbone
from headstart.backbone.loading import SPECS, load_backbone
from headstart.backbone.norm_statistics import read_norm_statistics
from headstart.engine.engine import Engine
from headstart.errors import CatalogError
from headstart.features.extraction import PhotoFile
from headstart.pixels.decode import read_photo
from headstart.pixels.resizing import Pixels
from headstart.process.progress import Progress, ignore_progress

N_PHOTOS = 100
STEEPNESS = 4.0  # similarity = exp(-4 distance): 0.85 for cats and dogs, below 0.5 for coffee leaves
SIMILAR = 0.65  # lowest similarity of photos that count as similar to ImageNet


@dataclass(frozen=True, slots=True)
class Similarity:
    """Similarity of photos to ImageNet.

    Attributes
    ----------
    value
        exp(-4 ``distance``), 0 to 1. 1: the channels have the same means and variances as for ImageNet.
    distance
        Mean of log(1 + divergence) over the channels of each batch norm, and over batch norms; 0 and up.
    n_photos
        Number of photos compared.
    """

    value: float
    distance: float
    n_photos: int

    @property
    def is_similar(self) -> bool:
        """Whether the photos count as similar to ImageNet."""
        return self.value >= SIMILAR


def measure_similarity(
    photos: Sequence[PhotoFile], backbone: Backbone, *, depth: int = 16, progress: Progress = ignore_progress
) -> Similarity:
    """Compare up to 100 photos with the statistics of ImageNet in the network's batch norms (1 to 3 s).

    A backbone from the user's file is replaced by the embedded one. The image size is the one of the pretraining, not
    that of a training: the statistics belong to it, and at other sizes the same photos are further from them
    (docs/decisions/0013-advice.md). The photos with the lowest digests are compared, so neither order nor paths matter.

    Parameters
    ----------
    depth
        As for `read_photo`.

    Raises
    ------
    CatalogError
        If none of the photos can be decoded.
    """
    by_digest = {photo.digest: photo for photo in photos}
    chosen = [by_digest[digest] for digest in sorted(by_digest)[:N_PHOTOS]]
    if backbone.spec.name not in SPECS:  # others have another scale, and mostly folded norms
        backbone = load_backbone()
    statistics, image_size = read_norm_statistics(backbone), backbone.spec.image_size
    rows = []
    engine = Engine(statistics.network, statistics.plan_build(image_size))

    def load(photo: PhotoFile) -> Pixels:
        return read_photo(photo.path, image_size, photo.digest, depth=depth)

    for n, (_, row) in enumerate(engine.stream(chosen, load), 1):
        if isinstance(row, np.ndarray):
            rows.append(row)
        progress(n, len(chosen))
    if not rows:
        raise CatalogError(f"Cannot compare photos with ImageNet: got none of {len(chosen)} that can be decoded.")
    distance = float(statistics.measure_distance(np.stack(rows)).mean())
    return Similarity(math.exp(-STEEPNESS * distance), distance, len(rows))
