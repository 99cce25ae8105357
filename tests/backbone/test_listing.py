"""The list has what a name loads, and says what is missing."""

from headstart.backbone import listing
from headstart.backbone.mobilenet_v2 import MOBILENET_V2
from headstart.errors import MissingExtraError


def test_the_embedded_one_is_there():
    assert (MOBILENET_V2, None) in list(listing.list_backbones())


def test_what_is_missing_is_said(monkeypatch):
    def load(name):
        raise MissingExtraError(f"no {name}")

    monkeypatch.setattr(listing, "load_backbone", load)
    assert [missing for _, missing in listing.list_backbones()][:2] == ["no mobilenet_v2", "no efficientnet_lite0"]
