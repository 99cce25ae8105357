"""Only the network of a classifier is quantised, and it is extracted from the classifier unchanged."""

import numpy as np
import onnxruntime
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_labelled
from headstart.classifier.file import read_classifier
from headstart.errors import CatalogError
from headstart.exports.int8 import extract_backbone, quantise_classifier


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (4, 96, 96, 3), np.uint8)


def extract(backbone, pixels):
    """Run a network in ONNX Runtime, independently of our code."""
    return onnxruntime.InferenceSession(backbone.weights).run(None, {"pixels": pixels})[0]


def test_the_extracted_network_is_the_one_that_the_classifier_was_trained_on(any_run, pixels):
    backbone = extract_backbone(read_classifier(any_run.folder))
    features = extract(backbone, pixels)
    n = load_backbone("mobilenet_v2").spec.n_features
    np.testing.assert_allclose(features[:, -n:], extract(load_backbone("mobilenet_v2"), pixels), atol=1e-5)
    assert features.shape[1] == backbone.spec.n_features


def test_the_head_is_unchanged_and_the_metadata_say_int8(any_run, photos):
    contents = read_classifier(any_run.folder)
    quantised = quantise_classifier(contents, scan_labelled(photos).photos)
    assert quantised.metadata.precision == "int8"
    assert quantised.metadata.labels == contents.metadata.labels
    assert quantised.metadata.n_averaged == contents.metadata.n_averaged
    np.testing.assert_array_equal(quantised.weights, contents.weights)
    np.testing.assert_array_equal(quantised.bias, contents.bias)
    assert len(quantised.data) < 0.4 * len(contents.data)
    assert quantise_classifier(quantised, []) is quantised


def test_quantising_on_unreadable_photos_is_an_error(run, paint_folder, tmp_path):
    photos = scan_labelled(paint_folder(tmp_path / "photos", n=2)).photos
    for photo in photos:
        photo.path.write_bytes(b"no photo any more")
    with pytest.raises(CatalogError, match="none of"):
        quantise_classifier(read_classifier(run.folder), photos)
