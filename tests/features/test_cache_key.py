"""The key is a pure function of everything that decides a feature, and of nothing else."""

from dataclasses import fields, replace

import pytest

from headstart.features.cache_key import FeatureSpec, make_key
from headstart.pixels.views import View

RECIPE = FeatureSpec("fingerprint", "features", 224, "f32", "engine 1", "decoder 1")


def test_equal_inputs_give_equal_keys():
    assert make_key("ab", RECIPE) == make_key("ab", replace(RECIPE))
    assert len(make_key("ab", RECIPE)) == 32


@pytest.mark.parametrize("field", [field.name for field in fields(FeatureSpec)])
def test_every_field_of_the_recipe_counts(field):
    changed = replace(RECIPE, **{field: 160 if field == "image_size" else "other"})
    assert make_key("ab", changed) != make_key("ab", RECIPE)


def test_photo_and_view_count():
    keys = {make_key(digest, RECIPE, view) for digest in ("a", "b") for view in (View(), View(True), View(False, 0.1))}
    assert len(keys) == 6


def test_fields_cannot_run_into_each_other():
    one = replace(RECIPE, engine="a", decoder="bc")
    two = replace(RECIPE, engine="ab", decoder="c")
    assert make_key("x", one) != make_key("x", two)
