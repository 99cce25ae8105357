"""The key depends on everything that decides a feature, and on nothing else."""

from dataclasses import fields, replace

import pytest

from headstart.features.cache_key import FeatureSpec, join_key, make_key, mark_photo
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


def test_every_key_of_a_photo_begins_with_its_mark():
    keys = [
        make_key("ab", SPEC),
        make_key("ab", replace(SPEC, image_size=160), View(True)),
        join_key("ab", "thumbnail"),
    ]
    assert len(set(keys)) == 3
    assert all(key.startswith(mark_photo("ab")) and len(key) == 32 for key in keys)
    assert mark_photo("ab") != mark_photo("ac")


def test_a_mark_does_not_give_the_digest_away():
    digest = "5e" * 32
    assert bytes.fromhex(digest)[:8] not in make_key(digest, SPEC)
