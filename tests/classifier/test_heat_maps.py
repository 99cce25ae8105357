"""A heat map is exact: its mean is the score that it explains."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

import headstart as hs
from headstart.classifier.file import read_classifier
from headstart.classifier.heat_maps import Explainer
from headstart.errors import ClassifierError, PhotoError


@pytest.fixture(scope="module", params=["plain", "all", "wide", "averaged", "int8", "side by side"])
def run(request, tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("explaining")
    settings = {
        "plain": {}, "all": {"features": "all"}, "wide": {"features": "wide"}, "averaged": {"average_views": True},
        "int8": {"precision": "int8"},
        "side by side": {"features": "all", "average_views": True, "n_views": 2, "image_size": "96+140"},
    }[request.param]  # fmt: skip
    folder = paint_folder(base / "photos", ("dots", "stripes", "rings"), 12)
    settings = {"image_size": 128, "method": "fixed"} | settings
    return hs.train(folder, out=base / "run", verbose=False, **settings)


def test_the_mean_of_a_heat_map_is_the_score(run):
    model = hs.load(run.folder, precision="f32")
    path = next((run.folder.parent / "photos").rglob("*.jpg"))
    answer = model.predict(path)
    for label in model.labels:
        found = model.explain(path, label)
        logs = {name: np.log(p) for name, p in answer.probabilities.items()}
        expected = logs[label] - np.mean(list(logs.values()))
        assert found.heat.mean() == pytest.approx(expected, abs=0.02)
    assert model.explain(path).label == answer.label


def test_a_place_that_is_painted_over_loses_its_heat(run, tmp_path):
    from PIL import Image

    model = hs.load(run.folder, precision="f32")
    path = next((run.folder.parent / "photos" / "rings").rglob("*.jpg"))
    with Image.open(path) as image:
        wide = Image.new("RGB", (2 * image.width, image.height), (128, 128, 128))
        wide.paste(image, (0, 0))
        wide.save(tmp_path / "half.png")
    heat = model.explain(tmp_path / "half.png", "rings").heat
    half = heat.shape[1] // 2
    assert np.abs(heat[:, : half - 1]).mean() > np.abs(heat[:, half + 1 :]).mean()


def test_an_unknown_class_and_a_missing_photo_are_refused(run, tmp_path):
    model = hs.load(run.folder)
    with pytest.raises(ClassifierError, match="need one of dots, rings, stripes"):
        model.explain("photo.jpg", "cats")
    with pytest.raises(PhotoError, match="Cannot explain"):
        model.explain(tmp_path / "nothing.jpg")


def test_activations_are_cached_for_other_heads(run, monkeypatch):
    path = next((run.folder.parent / "photos").rglob("*.jpg"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    contents = read_classifier(run.folder)
    first = Explainer(contents).explain(path, "dots", digest=digest)
    other = replace(contents, weights=2 * contents.weights, bias=2 * contents.bias)
    monkeypatch.setattr(Explainer, "_compute_activations", lambda *_: pytest.fail("looked again"))
    np.testing.assert_array_equal(Explainer(contents).explain(path, "dots", digest=digest).heat, first.heat)
    doubled = Explainer(other).explain(path, "dots", digest=digest)
    np.testing.assert_allclose(doubled.heat, 2 * first.heat, rtol=1e-5)
    with pytest.raises(pytest.fail.Exception, match="looked again"):
        Explainer(contents).explain(path, "dots")


def test_a_photo_that_no_longer_has_the_digest_is_refused(run, tmp_path):
    path = next((run.folder.parent / "photos").rglob("*.jpg"))
    with pytest.raises(PhotoError, match="was changed"):
        Explainer(read_classifier(run.folder)).explain(path, "dots", digest="0" * 64)
