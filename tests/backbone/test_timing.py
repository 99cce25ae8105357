"""Photos per second are those of the engine."""

from headstart.backbone.loading import load_backbone
from headstart.backbone.timing import measure_engine


def test_smaller_photos_are_faster():
    backbone = load_backbone()
    small, large = (max(measure_engine(backbone, side, "f32") for _ in range(3)) for side in (96, 320))
    assert small > large > 0
