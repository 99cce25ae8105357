"""The list holds the backbones that have a name, and says why one cannot be loaded."""

from headstart.backbone import listing
from headstart.backbone.mobilenet_v2 import MOBILENET_V2
from headstart.errors import MissingExtraError


def test_the_embedded_backbone_is_listed():
    assert (MOBILENET_V2, None) in list(listing.list_backbones())


def test_a_backbone_that_cannot_be_loaded_is_listed_with_the_reason(monkeypatch):
    def load(name):
        raise MissingExtraError(f"no {name}")

    monkeypatch.setattr(listing, "load_backbone", load)
    assert [missing for _, missing in listing.list_backbones()][:2] == ["no mobilenet_v2", "no efficientnet_lite0"]
