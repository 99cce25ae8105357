"""Only the network of a classifier is quantised, extracted unchanged, on photos that are not checked if possible."""

import hashlib

import numpy as np
import onnxruntime
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.photo import Photo
from headstart.catalog.scan import scan_labelled
from headstart.classifier.classifier import Classifier
from headstart.classifier.file import read_classifier
from headstart.errors import CatalogError
from headstart.exports.int8 import choose_calibration_photos, extract_backbone, measure_shift, quantise_classifier
from headstart.head.novelty import fit_novelty
from headstart.pixels.decode import decode_photo


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
    quantised, _ = quantise_classifier(contents, scan_labelled(photos).photos)
    assert quantised.metadata.precision == "int8"
    assert quantised.metadata.labels == contents.metadata.labels
    assert quantised.metadata.n_averaged == contents.metadata.n_averaged
    np.testing.assert_array_equal(quantised.weights, contents.weights)
    np.testing.assert_array_equal(quantised.bias, contents.bias)
    assert quantised.metadata.n_novelty_photos == contents.metadata.n_novelty_photos
    assert len(quantised.data) < 0.4 * len(contents.data)
    assert quantise_classifier(quantised, []) == (quantised, [])


def test_as_many_own_photos_are_refused_in_int8(any_run, photos):
    """Rounding makes these plain paintings look stranger: without the shift a seventh of them would be refused."""
    contents, own = read_classifier(any_run.folder), scan_labelled(photos).photos
    quantised, _ = quantise_classifier(contents, own)
    pixels = np.stack([decode_photo(photo.path.read_bytes(), 96) for photo in own])
    ours, theirs = (Classifier(one, precision="f32").judge_pixels(pixels)[1] for one in (contents, quantised))
    assert abs(int((ours <= 0.05).sum()) - int((theirs <= 0.05).sum())) <= 1
    noise = np.random.default_rng(0).integers(0, 256, (4, 96, 96, 3), np.uint8)
    assert (Classifier(quantised).judge_pixels(noise)[1] <= 0.05).all()
    assert (quantised.novelty.starts > contents.novelty.starts).all()


def test_the_shift_is_the_median_rise_of_the_scores():
    rows = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    test = fit_novelty(rows)
    assert measure_shift(test, rows, rows) == 0
    other = np.roll(rows, 1, axis=1)
    assert measure_shift(test, rows, other) == np.median(test.score(other) - test.score(rows))
    np.testing.assert_allclose(test.shift(1.5).rank(test.score(rows) + np.float32(1.5)), test.measure(rows), atol=1e-4)


def test_a_classifier_without_a_novelty_test_is_quantised(run, photos, drop_novelty, tmp_path):
    contents = read_classifier(drop_novelty(run.folder, tmp_path / "model.onnx"))
    quantised, _ = quantise_classifier(contents, scan_labelled(photos).photos[:4])
    assert quantised.novelty is None


def test_quantising_on_unreadable_photos_is_an_error(run, paint_folder, tmp_path):
    photos = scan_labelled(paint_folder(tmp_path / "photos", n=2)).photos
    for photo in photos:
        photo.path.write_bytes(b"no photo any more")
    with pytest.raises(CatalogError, match="none of"):
        quantise_classifier(read_classifier(run.folder), photos)


class Trained:
    """Metadata with digests of training photos."""

    def __init__(self, photos):
        self._trained_on = {photo.digest for photo in photos}

    def has_seen(self, digest):
        return digest in self._trained_on


def make_photos(name, n):
    return [
        Photo(f"{name}/{i}.jpg", "dots", digest=hashlib.sha256(f"{name} {i}".encode()).hexdigest(), split=None)
        for i in range(n)
    ]


@pytest.mark.parametrize(
    ("n_seen", "n_unchecked", "n_checked", "expected"),
    [
        (300, 90, 100, {"seen": 200}),
        (50, 90, 100, {"seen": 50}),
        (49, 90, 100, {"seen": 49, "unchecked": 90}),
        (0, 50, 100, {"unchecked": 50}),
        (3, 20, 30, {"seen": 3, "unchecked": 20, "checked": 30}),
    ],
)
def test_training_photos_are_taken_first_then_unchecked_ones(n_seen, n_unchecked, n_checked, expected):
    seen, unchecked = make_photos("seen", n_seen), make_photos("unchecked", n_unchecked)
    checked = make_photos("checked", n_checked)
    chosen = choose_calibration_photos([*checked, *seen, *unchecked], checked, Trained(seen))
    found = {name: sum(photo.file.startswith(f"{name}/") for photo in chosen) for name in expected}
    assert found == expected
    assert len(chosen) == sum(expected.values())


def test_a_copy_of_a_checked_photo_counts_as_checked():
    checked = make_photos("checked", 60)
    copies = [Photo(f"copies/{i}.jpg", "dots", digest=photo.digest, split=None) for i, photo in enumerate(checked)]
    others = make_photos("others", 55)
    assert {
        photo.file.split("/")[0]
        for photo in choose_calibration_photos([*checked, *copies, *others], checked, Trained([]))
    } == {"others"}
