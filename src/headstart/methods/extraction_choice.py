"""Which features one pass of the network computes, so that a training can choose among those of several layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headstart.backbone.backbone import Backbone, BackboneSetup
from headstart.backbone.pooled_stages import pool_stages
from headstart.backbone.spec import PIXELS_CUT
from headstart.methods.settings import TUNED, Settings
from headstart.storage.large_arrays import count_bytes

# Photos times views: 0.2 GB of wide features of MobileNetV2. Many more would take gigabytes, and features of the last
# stage have enough photos to learn from.
MAX_WIDE = 10_000
MAX_KEPT_BYTES = 1_500_000_000  # of activations, besides those that training above the cut keeps


def choose_widest(settings: Settings, backbone: Backbone, n_rows: int = 0) -> str:
    """Return the widest features that a training may choose: ``last``, ``all`` or ``wide``.

    Parameters
    ----------
    n_rows
        Number of photos times views; 0 if it is not known yet.
    """
    if settings.features != "auto":
        return settings.features
    if settings.head == "adam" or settings.method in TUNED or n_rows > MAX_WIDE:
        return "last"
    if settings.head == "logistic":
        return "all"  # on wide features it would take seconds
    return "all" if backbone.is_quantised else "wide"


def choose_extracted(settings: Settings, setup: BackboneSetup, n_rows: int = 0) -> str:
    """Return the features to extract first, which are the widest if the others are a part of them.

    In int8 they are not: with more layers to pool, the network rounds differently. The features of the last stage would
    not be those of the classifier file, so they are extracted alone, and wider ones only if these do not suffice.
    """
    if settings.features == "auto" and (setup.precision == "int8" or setup.backbone.is_quantised):
        return "last"
    return choose_widest(settings, setup.backbone, n_rows)


def choose_kept_cut(setup: BackboneSetup, settings: Settings, n_photos: int = 0) -> str | None:
    """Return the cut whose activations the first extraction keeps for a training above it; None: it keeps none.

    It keeps none of a quantised network: with one more output it would round differently.

    Parameters
    ----------
    n_photos
        0 if it is not known yet.
    """
    if settings.method != "hybrid" or settings.precision == "int8" or setup.backbone.is_quantised:
        return None
    if setup.choose_device() != "cpu" or setup.spec.parts:
        return None
    cut = settings.cut or setup.spec.default_cut
    if cut == PIXELS_CUT or count_bytes((n_photos, *setup.find_activation_shape(cut)), np.float32) > MAX_KEPT_BYTES:
        return None
    return cut


def choose_setup(setup: BackboneSetup, settings: Settings, n_photos: int = 0) -> BackboneSetup:
    """Return the setup that computes the features of photos as they are; see `choose_extracted`."""
    n_rows = n_photos * settings.n_fixed_views
    return replace(setup, backbone=pool_stages(setup.backbone, choose_extracted(settings, setup, n_rows)))
