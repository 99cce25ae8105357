"""The key depends on everything that decides a feature, and on nothing else."""

from dataclasses import fields, replace

import pytest

from headstart.features.cache_key import FeatureSpec, make_key
from headstart.pixels.views import View

SPEC = FeatureSpec(
    backbone="fingerprint", tensor="features", image_size=224, precision="f32", engine="engine 1", decoder="decoder 1"
)


def test_equal_inputs_give_equal_keys():
    assert make_key("ab", SPEC) == make_key("ab", replace(SPEC))
    assert len(make_key("ab", SPEC)) == 32


@pytest.mark.parametrize("field", [field.name for field in fields(FeatureSpec)])
def test_every_field_of_the_spec_changes_the_key(field):
    changed = replace(SPEC, **{field: 160 if field == "image_size" else "other"})
    assert make_key("ab", changed) != make_key("ab", SPEC)


def test_photo_and_view_change_the_key():
    keys = {make_key(digest, SPEC, view) for digest in ("a", "b") for view in (View(), View(True), View(False, 0.1))}
    assert len(keys) == 6


def test_text_moved_between_fields_changes_the_key():
    one = replace(SPEC, engine="a", decoder="bc")
    two = replace(SPEC, engine="ab", decoder="c")
    assert make_key("x", one) != make_key("x", two)
