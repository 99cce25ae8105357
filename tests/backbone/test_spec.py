"""A spec is checked field by field, and its fingerprint covers the fields that change features."""

from dataclasses import replace

import pytest

from headstart.backbone.mobilenet_v2 import MOBILENET_V2
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError


def test_a_spec_from_its_own_dict_is_the_same():
    assert BackboneSpec.from_dict(MOBILENET_V2.to_dict()) == MOBILENET_V2


def test_missing_and_unknown_fields_are_named():
    record = MOBILENET_V2.to_dict()
    with pytest.raises(BackboneError, match="colour"):
        BackboneSpec.from_dict({**record, "colour": "RGB"})
    del record["resize"]
    with pytest.raises(BackboneError, match="resize"):
        BackboneSpec.from_dict(record)


@pytest.mark.parametrize(
    "change",
    [{"weights_sha256": "0" * 64}, {"colour_order": "BGR"}, {"value_range": (0.0, 1.0)}, {"resize": "crop"}],
)
def test_the_fingerprint_changes_with_fields_that_change_features(change):
    assert replace(MOBILENET_V2, **change).fingerprint() != MOBILENET_V2.fingerprint()


def test_the_fingerprint_ignores_descriptions_and_the_default_size():
    assert replace(MOBILENET_V2, paper="another", image_size=160).fingerprint() == MOBILENET_V2.fingerprint()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_features": 0}, "below 1"),
        ({"n_features": 1280.0}, "n_features 1280.0, need an int"),
        ({"image_size": 600}, "outside its own range"),
        ({"min_image_size": 0}, "outside its own range"),
        ({"n_float32_stages": -1}, "-1 float32 stages"),
        ({"weights_sha256": "0" * 63}, "64 hex digits"),
        ({"value_range": [-1, 1]}, "two floats"),
        ({"value_range": 1.0}, "value_range 1.0, need a list"),
        ({"name": ""}, "empty name"),
        ({"stages": "stem"}, "stages 'stem', need a list"),
        ({"stages": ["stem"]}, "a stage with 'stem'"),
        ({"stages": [{"name": "a", "tensor": "b", "n_channels": 1}]}, "a stage with no stride"),
    ],
)
def test_fields_of_another_type_or_range_are_refused(change, message):
    with pytest.raises(BackboneError, match=message):
        BackboneSpec.from_dict({**MOBILENET_V2.to_dict(), **change})


@pytest.mark.parametrize("size", [95, 513, 0, -1])
def test_an_image_size_outside_the_range_is_refused(size):
    with pytest.raises(BackboneError, match="96 to 512 pixels"):
        MOBILENET_V2.check_image_size(size)


@pytest.mark.parametrize("size", [96, 160, 224, 512])
def test_an_image_size_inside_the_range_is_returned(size):
    assert MOBILENET_V2.check_image_size(size) == size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": [{"name": "a", "image_size": 224, "n_stages": 19}]}, "1 networks side by side, need 2 to 3"),
        ({"parts": [{"name": n, "image_size": 224, "n_stages": 9} for n in "ab"]}, "networks of 9, 9 stages for 19"),
        ({"parts": [{"name": n, "image_size": 224, "n_stages": 19 * (n == "a")} for n in "ab"]}, "of 19, 0 stages"),
        ({"parts": [{"name": n, "image_size": 96, "n_stages": 9 + (n == "b")} for n in "ab"]}, "another image size"),
        ({"parts": [{"name": "a", "image_size": 224}]}, "a part with no n_stages"),
        ({"parts": "ab"}, "parts 'ab', need a list"),
    ],
)
def test_networks_side_by_side_that_do_not_fit_the_spec_are_refused(change, message):
    record = {**MOBILENET_V2.to_dict(), "min_image_size": 224, "max_image_size": 224}
    with pytest.raises(BackboneError, match=message):
        BackboneSpec.from_dict({**record, **change})


def test_the_record_of_one_network_is_as_earlier_versions_wrote_it():
    assert "parts" not in MOBILENET_V2.to_dict()
    assert MOBILENET_V2.fingerprint() == "8a41498ec76cf88ec4febee1b49aa3c8c0747a2519a457e3286d01497e2316f4"
