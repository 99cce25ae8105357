"""Thumbnails of photos, 32 x 32 grey: near copies are found by them."""

from __future__ import annotations

from functools import partial

from headstart.backbone.backbone import BackboneSetup
from headstart.features.decoded_rows import RowCollector, RowKind
from headstart.features.feature_cache import FeatureCache
from headstart.pixels.resizing import shrink_to_grey

SIDE_PX = 32
THUMBNAIL_RULES = 1  # counts up when the same pixels give another thumbnail
_THUMBNAIL = RowKind(
    "thumbnail", table="thumbnails", rules=THUMBNAIL_RULES, make=partial(shrink_to_grey, size_px=SIDE_PX),
    shape=(SIDE_PX, SIDE_PX), dtype="u1",
)  # fmt: skip


class ThumbnailCollector(RowCollector):
    """Makes thumbnails of photos, (32, 32) uint8."""

    def __init__(self, setup: BackboneSetup, feature_cache: FeatureCache | None) -> None:
        super().__init__(_THUMBNAIL, setup, feature_cache)
