"""Backbones are compared on the same splits, by what a training with each gives."""

from dataclasses import replace

import pytest

import headstart as hs
from headstart.errors import BackboneError, CatalogError
from headstart.training.backbone_comparison import compare_backbones

OPTIONS = {"precision": "f32", "verbose": False, "near_copies": "ignore"}
NAMES = ["mobilenet_v2@96", "mobilenet_v2@96+mobilenet_v2@128"]


def test_the_accuracy_is_that_of_a_training(make_folder, tmp_path):
    catalog = hs.scan(make_folder(labels=("dots", "stripes", "rings"), n=20))
    found = compare_backbones(catalog, NAMES, n_splits=2, **OPTIONS)
    assert [result.backbone for result in found] == NAMES
    for result in found:
        run = hs.train(
            catalog, method="fixed", backbone=result.backbone, out=tmp_path / "run", overwrite=True, **OPTIONS
        )
        assert result.accuracies[0] == run.metrics["test"]["accuracy"]
        assert result.n_test == run.metrics["test"]["n"]
        assert len(result.accuracies) == 2
        assert result.interval[0] <= result.accuracies[0] <= result.interval[1]
        assert result.to_record()["accuracy"] == pytest.approx(sum(result.accuracies) / 2)


def test_photos_without_test_photos_and_unknown_backbones_are_refused(make_folder):
    catalog = hs.scan(make_folder(n=8))
    without = replace(catalog, photos=tuple(photo for photo in catalog.photos if photo.split != "test"))
    with pytest.raises(CatalogError, match="got no test photos"):
        compare_backbones(without, NAMES[:1], **OPTIONS)
    with pytest.raises(BackboneError, match="no backbone has this name"):
        compare_backbones(catalog, ["mobilenet_v9"], **OPTIONS)
