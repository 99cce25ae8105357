from dataclasses import replace

import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.methods.extraction_choice import (
    MAX_WIDE,
    choose_extracted,
    choose_kept_cut,
    choose_setup,
    choose_widest,
)
from headstart.methods.settings import Settings


@pytest.fixture(scope="module")
def setup():
    return BackboneSetup(load_backbone(), 96, "f32")


def test_what_the_user_gave_is_extracted(setup):
    for features in ("last", "all", "wide"):
        settings = Settings(method="fixed", features=features)
        assert choose_widest(settings, setup.backbone, 10**6) == choose_extracted(settings, setup) == features


def test_few_photos_may_have_wide_features(setup):
    assert choose_widest(Settings(), setup.backbone, MAX_WIDE) == "wide"
    assert choose_widest(Settings(), setup.backbone, MAX_WIDE + 1) == "last"
    assert choose_widest(Settings(head="logistic"), setup.backbone) == "all"
    assert choose_widest(Settings(), replace(setup.backbone, is_quantised=True)) == "all"


@pytest.mark.parametrize("settings", [{"head": "adam"}, {"method": "hybrid"}])
def test_other_methods_and_heads_have_the_last_features(setup, settings):
    assert choose_widest(Settings(**settings), setup.backbone) == "last"


def test_in_int8_the_last_features_are_extracted_alone(setup):
    assert choose_extracted(Settings(), setup) == "wide"
    for one in (replace(setup, precision="int8"), replace(setup, backbone=replace(setup.backbone, is_quantised=True))):
        assert choose_extracted(Settings(), one) == "last"
        assert choose_extracted(Settings(features="wide"), one) == "wide"


def test_the_setup_has_the_network_that_is_extracted(setup):
    assert choose_setup(setup, Settings(), 100).spec.n_features == 4664
    assert choose_setup(setup, Settings(), MAX_WIDE + 1) == setup
    assert choose_setup(setup, Settings(n_views=2), MAX_WIDE // 2 + 1) == setup


@pytest.mark.parametrize(("settings", "cut"), [
    ({"method": "hybrid"}, "block_12"), ({"method": "hybrid", "cut": "block_9"}, "block_9"),
    ({"method": "hybrid", "cut": "pixels"}, None), ({"method": "hybrid", "precision": "int8"}, None),
    ({"method": "fixed"}, None), ({"method": "finetune"}, None),
])  # fmt: skip
def test_hybrid_keeps_the_activations_at_its_cut(setup, settings, cut):
    assert choose_kept_cut(setup, Settings(**settings)) == cut


def test_too_many_activations_are_not_kept(setup):
    at_most = 1_500_000_000 // (6 * 6 * 96 * 4)
    assert choose_kept_cut(setup, Settings(method="hybrid"), at_most) == "block_12"
    assert choose_kept_cut(setup, Settings(method="hybrid"), at_most + 1) is None
    quantised = replace(setup, backbone=replace(setup.backbone, is_quantised=True))
    assert choose_kept_cut(quantised, Settings(method="hybrid")) is None
