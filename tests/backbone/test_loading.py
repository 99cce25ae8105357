"""Backbones are found by name, and the hash of their weights is checked."""

import pytest

from headstart.backbone.loading import check_weights, load_backbone
from headstart.backbone.mobilenet_v2 import MOBILENET_V2
from headstart.errors import BackboneError


def test_the_default_is_mobilenet_v2():
    assert load_backbone().spec is MOBILENET_V2


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(BackboneError, match="Did you mean 'mobilenet_v2'"):
        load_backbone("mobilenetv2")
    with pytest.raises(BackboneError, match="Known: efficientnet_lite0, mobilenet_v2"):
        load_backbone("x")


def test_one_changed_bit_in_the_weights_is_an_error():
    weights = bytearray(load_backbone().weights)
    weights[len(weights) // 2] ^= 1
    with pytest.raises(BackboneError, match="file is damaged"):
        check_weights(bytes(weights), MOBILENET_V2)
