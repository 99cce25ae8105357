"""How the steps of one training compute: backbone, cache, machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbone.backbone import BackboneSetup
from headstart.scale.ray_training import RayWorkers

if TYPE_CHECKING:
    from headstart.scale.cluster import Cluster


@dataclass(frozen=True)
class TrainingContext:
    """What all steps of one training share.

    Attributes
    ----------
    setup
        The backbone, as pretrained or quantised, with its image size and precision.
    cache
        Whether the user's cache is used for digests, features, activations and checkpoints.
    verbose
        Whether progress is shown on stderr.
    cluster
        Ray cluster that computes features. Default: this process does.
    workers
        Ray workers that train above a cut. Default: this process does.
    """

    setup: BackboneSetup
    cache: bool = True
    verbose: bool = False
    cluster: Cluster | None = None
    workers: RayWorkers | None = None
