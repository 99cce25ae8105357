"""The list holds the backbones that have a name, and says why one cannot be loaded."""

from headstart.backbone import listing
from headstart.backbone.loading import load_backbone
from headstart.backbone.mobilenet_v2 import MOBILENET_V2
from headstart.errors import MissingExtraError


def test_the_embedded_backbone_is_listed():
    assert (MOBILENET_V2, None) in list(listing.list_backbones())


def test_a_backbone_that_cannot_be_loaded_is_listed_with_the_reason(monkeypatch):
    def load(name):
        raise MissingExtraError(f"no {name}")

    monkeypatch.setattr(listing, "load_backbone", load)
    assert [missing for _, missing in listing.list_backbones()][:2] == ["no mobilenet_v2", "no efficientnet_lite0"]


def test_the_layers_of_features_have_their_original_names():
    assert listing.find_features_layer(load_backbone()) == "out_relu"
    several = load_backbone("mobilenet_v2@96+efficientnet_lite0")
    assert listing.find_features_layer(several) == "out_relu and top_relu"


def test_the_layer_of_a_network_of_a_user_has_no_prefix_beside_another(network):
    several = load_backbone(f"mobilenet_v2+{network}")
    alone = listing.find_features_layer(load_backbone(str(network)))
    assert listing.find_features_layer(several) == f"out_relu and {alone}"
