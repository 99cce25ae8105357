"""Backbones are found by name, and the hash of their weights is checked."""

import pytest

from headstart.backbone.loading import check_weights, load_backbone, open_setup
from headstart.backbone.mobilenet_v2 import MOBILENET_V2
from headstart.errors import BackboneError


def test_the_default_is_mobilenet_v2():
    assert load_backbone().spec is MOBILENET_V2


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(BackboneError, match="Did you mean 'mobilenet_v2'"):
        load_backbone("mobilenetv2")
    with pytest.raises(
        BackboneError, match="Known: efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, mobilenet_v2"
    ):
        load_backbone("x")


def test_one_changed_bit_in_the_weights_is_an_error():
    weights = bytearray(load_backbone().weights)
    weights[len(weights) // 2] ^= 1
    with pytest.raises(BackboneError, match="file is damaged"):
        check_weights(bytes(weights), MOBILENET_V2)


def test_several_networks_are_one_backbone_with_a_name_that_loads_it_again():
    setup = open_setup("mobilenet_v2", "96+128")
    assert setup.image_size == 128
    again = load_backbone(setup.spec.name)
    assert (again.spec, again.weights) == (setup.spec, setup.backbone.weights)


def test_one_network_keeps_its_spec_in_any_image_size():
    setup = open_setup("mobilenet_v2", 160, precision="f32", depth=12)
    assert (setup.spec, setup.image_size, setup.precision, setup.depth) == (MOBILENET_V2, 160, "f32", 12)
    assert open_setup("mobilenet_v2@160").image_size == load_backbone("mobilenet_v2@160").spec.image_size == 160
    assert load_backbone("mobilenet_v2@160").spec.fingerprint() == MOBILENET_V2.fingerprint()


@pytest.mark.parametrize("name", ["mobilenet_v2+mobilenet_v9", "mobilenet_v2@9999"])
def test_each_of_several_networks_is_checked(name):
    with pytest.raises(BackboneError, match=r"no backbone has this name|96 to 512 pixels"):
        load_backbone(name)


def test_too_many_networks_are_counted_before_any_is_loaded(monkeypatch):
    monkeypatch.setattr("headstart.backbone.loading._load_network", lambda name: pytest.fail(f"loaded {name}"))
    with pytest.raises(BackboneError, match="got 5 networks, need 2 to 3"):
        load_backbone("a+b+c+d+e")
