"""A small classifier with a head that was not trained but fits."""

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.backbone.quantising import quantise_backbone
from headstart.classifier.build import build_classifier
from headstart.classifier.metadata import Metadata
from headstart.pixels.decode import read_photo

LABELS = ("dots", "stripes", "Zürich 猫")


def make_metadata(**changes):
    plain = {"labels": LABELS, "image_size": 96, "precision": "f32", "digests": ["ab" * 32], "seed": 0}
    return Metadata.describe(changes.pop("spec", load_backbone().spec), **plain | changes)


def make_head(n_classes=3):
    generator = np.random.default_rng(0)
    return generator.normal(0, 0.1, (1280, n_classes)).astype(np.float32), np.zeros(n_classes, np.float32)


@pytest.fixture(scope="session")
def classifier_bytes():
    return build_classifier(load_backbone(), *make_head(), make_metadata())


@pytest.fixture(scope="session")
def int8_bytes(paint_folder, tmp_path_factory):
    paths = paint_folder(tmp_path_factory.mktemp("int8") / "photos", n=4).rglob("*.jpg")
    backbone = quantise_backbone(load_backbone(), np.stack([read_photo(path, 96) for path in sorted(paths)]))
    return build_classifier(backbone, *make_head(), make_metadata(spec=backbone.spec, precision="int8"))


@pytest.fixture
def parts():
    return (load_backbone(), *make_head(), make_metadata())


@pytest.fixture
def change_metadata():
    return make_metadata
