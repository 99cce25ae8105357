"""How like the photos are to those that the backbone was pretrained on."""

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
from headstart.process.progress import Progress, ignore_progress

N_PHOTOS = 100
STEEPNESS = 4.0  # of the similarity's fall with distance: cats and dogs come out at 0.85, coffee leaves below 0.5
SIMILAR = 0.65  # from here on photos count as like those of ImageNet


@dataclass(frozen=True, slots=True)
class Similarity:
    """How like some photos are to ImageNet.

    Attributes
    ----------
    value
        1: their channels have the same means and variances as ImageNet's; towards 0: nothing like them.
    distance
        Mean of log(1 + divergence) over the channels of a norm, and over norms, 0 and up; ``value`` is
        exp(-4 ``distance``).
    n_photos
        That were looked at.
    """

    value: float
    distance: float
    n_photos: int

    @property
    def is_similar(self) -> bool:
        """Whether the photos count as like ImageNet's."""
        return self.value >= SIMILAR


def measure_similarity(
    photos: Sequence[PhotoFile], backbone: Backbone, *, progress: Progress = ignore_progress
) -> Similarity:
    """Measure how far photos are from what the network remembers of ImageNet (100 photos; 1 to 3 s).

    For a backbone of the user's own, the embedded one is asked: the photos are the same.

    They are looked at in the size that the network was pretrained at, whatever the size of a training: its memory is of
    that size, and the same photos are further from it at any other (docs/decisions/0013-advice.md). Those with the
    lowest digests are taken, so neither their order nor their paths matter.

    Raises
    ------
    CatalogError
        If none of them can be decoded.
    """
    by_digest = {photo.digest: photo for photo in photos}
    chosen = [by_digest[digest] for digest in sorted(by_digest)[:N_PHOTOS]]
    if backbone.spec.name not in SPECS:  # the scale below is not known of others, and most have their norms folded
        backbone = load_backbone()
    statistics, image_size = read_norm_statistics(backbone), backbone.spec.image_size
    rows = []
    engine = Engine(statistics.network, statistics.plan_build(image_size))
    for n, (_, row) in enumerate(engine.stream(chosen, lambda p: read_photo(p.path, image_size, p.digest)), 1):
        if isinstance(row, np.ndarray):
            rows.append(row)
        progress(n, len(chosen))
    if not rows:
        raise CatalogError(f"Cannot compare photos with ImageNet: none of {len(chosen)} can be decoded.")
    distance = float(statistics.measure_distance(np.stack(rows)).mean())
    return Similarity(math.exp(-STEEPNESS * distance), distance, len(rows))
