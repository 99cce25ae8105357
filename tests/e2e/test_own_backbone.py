"""A network that another library wrote trains, explains, is saved, and predicts where its files are gone."""

import json
import shutil

import numpy as np
import pytest
from sklearn.base import clone

import headstart as hs
from headstart.errors import BackboneError, ClassifierError


@pytest.fixture
def own(network, tmp_path):
    (tmp_path / "networks").mkdir()
    shutil.copy(network.with_suffix(".toml"), tmp_path / "networks" / "own.toml")
    return shutil.copy(network, tmp_path / "networks" / "own.onnx")


@pytest.mark.slow
@pytest.mark.parametrize("options", [
    ("--method", "fixed"), ("--method", "auto"), ("--method", "hybrid", "--epochs", "2"),
    ("--features", "all", "--method", "fixed"),
    ("--average-views", "--method", "fixed"), ("--precision", "int8", "--method", "fixed"),
    ("--image-size", "96", "--method", "fixed"),
])  # fmt: skip
def test_it_trains_and_predicts(options, own, make_folder, headstart, tmp_path):
    photos = make_folder(n=16)
    run = tmp_path / "run"
    metrics = json.loads(headstart("train", photos, "--backbone", own, "--out", run, *options, "--json").stdout)
    assert metrics["backbone"] == "own"
    shutil.rmtree(own.parent)
    photo = next(photos.rglob("*.jpg"))
    answers = json.loads(headstart("predict", run, photo, "--json", "--explain", tmp_path / "why.png").stdout)
    assert answers["predictions"][0]["label"] in {"dots", "stripes"}
    shown = json.loads(headstart("show", run, "--json").stdout)
    assert shown["n_parameters"] > shown["n_trained"] > 0
    assert shown["parts"][-1]["output"] == [2]
    assert (tmp_path / "why.png").exists()


@pytest.mark.slow
def test_an_export_answers_the_same(own, make_folder, headstart, tmp_path):
    photos = make_folder(n=16)
    headstart("train", photos, "--backbone", own, "--out", tmp_path / "run", "--method", "fixed")
    for kind in ("onnx", "openvino"):
        done = headstart("export", tmp_path / "run", "--format", kind, "--check", photos, "--json",
                         "--out", tmp_path / f"x.{'xml' if kind == 'openvino' else 'onnx'}")  # fmt: skip
        assert json.loads(done.stdout)["parity"]["label_agreement"] == 1
    done = headstart("export", tmp_path / "run", "--format", "keras", "--out", tmp_path / "x.keras", check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_advice_goes_by_the_same_photos(own, make_folder, headstart, tmp_path):
    photos = make_folder(n=16)
    advice = [
        json.loads(headstart("advise", photos, *more, "--picture", tmp_path / "advice.png", "--json").stdout)
        for more in ((), ("--backbone", own))
    ]
    assert advice[0]["similarity"] == advice[1]["similarity"]


def test_scikit_learn_takes_the_path(own, make_folder):
    photos = hs.scan(make_folder(n=8)).photos
    paths, labels = [photo.path for photo in photos], [photo.label for photo in photos]
    model = clone(hs.ImageClassifier(backbone=str(own))).fit(paths, labels)
    expected = model.predict_proba(paths[:2])
    np.testing.assert_allclose(model.to_classifier().predict_probabilities(paths[:2]), expected, atol=1e-4)
    assert hs.FeatureExtractor(backbone=str(own)).fit(paths).get_feature_names_out()[-1] == "own_23"


def test_what_was_fitted_does_not_follow_its_file(own, make_folder):
    photos = hs.scan(make_folder(n=8)).photos
    paths, labels = [photo.path for photo in photos], [photo.label for photo in photos]
    model, extractor = (
        hs.ImageClassifier(backbone=str(own)).fit(paths, labels),
        hs.FeatureExtractor(str(own)).fit(paths),
    )
    text = own.with_suffix(".toml").read_text()
    own.with_suffix(".toml").write_text(text.replace("0.485", "0.1"))
    for use in (model.predict, extractor.transform, lambda _: model.to_classifier()):
        with pytest.raises(BackboneError, match="its files were changed since the fit"):
            use(paths)
    own.with_suffix(".toml").write_text(text)
    assert list(model.predict(paths[:1]))


@pytest.mark.slow
def test_features_that_are_no_mean_explain_nothing(own, make_folder, tmp_path):
    text = own.with_suffix(".toml").read_text()
    own.with_suffix(".toml").write_text(f'features = "scores"\n{text}')
    run = hs.train(make_folder(n=8), out=tmp_path / "run", backbone=str(own), method="fixed", verbose=False)
    photo = next((tmp_path / "photos").rglob("*.jpg"))
    assert hs.load(run.folder).predict(photo).label
    with pytest.raises(ClassifierError, match="features of own are not means over the photo"):
        hs.load(run.folder).explain(photo)
