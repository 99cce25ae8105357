"""Networks of timm become backbones with timm's preprocessing. `make test-zoo` runs this in its own environment."""

import sys

import numpy as np
import pytest

import headstart as hs
from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.foreign.timm_zoo import load_timm
from headstart.backbone.listing import list_backbones
from headstart.backbone.loading import load_backbone
from headstart.errors import BackboneError, MissingExtraError
from headstart.process.packages import is_installed

HAS_TIMM = is_installed("timm")
needs_timm = pytest.mark.skipif(not HAS_TIMM, reason="needs timm: make test-zoo")
NAMES = ("resnet18.a1_in1k", "mobilenetv3_small_100.lamb_in1k", "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
         "convnext_atto.d2_in1k", "efficientnet_b0.ra_in1k")  # fmt: skip


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    """A folder with random weights, as a mirror for a machine without internet."""
    import timm
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("mirror")
    for name in NAMES:
        torch.manual_seed(0)
        network = timm.create_model(name.partition(".")[0], pretrained=False)
        save_file(network.state_dict(), folder / f"{name}.safetensors")
    return folder


@needs_timm
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", NAMES)
def test_features_are_those_of_timm(name, mirror, monkeypatch):
    import timm
    import torch

    monkeypatch.setenv("HEADSTART_MIRROR", str(mirror))
    backbone = load_backbone(f"timm/{name}")
    network = timm.create_model(
        name, pretrained=True, num_classes=0, pretrained_cfg_overlay={"file": str(mirror / f"{name}.safetensors")}
    ).eval()
    facts = timm.data.resolve_data_config({}, model=network)
    side = facts["input_size"][1]
    pixels = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
    with torch.no_grad():
        photos = (torch.from_numpy(pixels) / 255 - torch.tensor(facts["mean"])) / torch.tensor(facts["std"])
        expected = network(photos.float().permute(0, 3, 1, 2)).numpy()
    features = BackboneSetup(backbone, side, "f32").open_engine().infer(pixels)
    np.testing.assert_allclose(features, expected, atol=1e-4 * np.abs(expected).max())
    assert backbone.spec.name == f"timm/{name}"
    assert f"{name}.safetensors" in backbone.spec.source


@needs_timm
@pytest.mark.filterwarnings("default")
def test_a_converted_network_needs_no_timm(mirror, monkeypatch):
    monkeypatch.setenv("HEADSTART_MIRROR", str(mirror))
    first = load_timm(NAMES[0])
    monkeypatch.setitem(sys.modules, "timm", None)
    assert load_timm(NAMES[0]) == first
    monkeypatch.delenv("HEADSTART_MIRROR")
    assert load_timm(NAMES[0]) == first
    assert first.spec.licence == "Apache-2.0"
    assert (first.spec, None) in list(list_backbones())


@needs_timm
@pytest.mark.filterwarnings("default")
def test_it_trains_and_its_classifier_needs_no_timm(mirror, monkeypatch, paint_folder, tmp_path):
    monkeypatch.setenv("HEADSTART_MIRROR", str(mirror))
    photos = paint_folder(tmp_path / "photos")
    run = hs.train(photos, out=tmp_path / "run", backbone=f"timm/{NAMES[0]}", method="fixed", verbose=False)
    monkeypatch.setitem(sys.modules, "timm", None)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "empty"))
    model = hs.load(run.folder)
    right = [model.predict(path).label == path.parent.name for path in photos.rglob("*.jpg")]
    assert np.mean(right) > 0.8  # weights are random, and stripes still differ from dots
    assert model.metadata.spec.name == f"timm/{NAMES[0]}"


@needs_timm
def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(BackboneError, match=r"timm has no network of this name. Did you mean 'timm/resnet18"):
        load_backbone("timm/resnet18x")


@pytest.mark.skipif(HAS_TIMM, reason="timm is installed")
def test_missing_timm_is_reported_with_its_extra():
    with pytest.raises(MissingExtraError, match=r"pip install 'headstart\[zoo\]'"):
        load_backbone("timm/resnet18.a1_in1k")
