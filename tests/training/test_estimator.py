"""`ImageClassifier` as a scikit-learn classifier."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from headstart.classifier.classifier import load_classifier
from headstart.classifier.decision import Decision, MistakeCost
from headstart.errors import BackboneError, ClassifierError, FitError
from headstart.training import estimator
from headstart.training.estimator import ImageClassifier


@pytest.fixture
def photos(make_folder):
    paths = sorted(make_folder(n=12).rglob("*.jpg"))
    return [str(path) for path in paths], np.array([path.parent.name for path in paths])


@pytest.fixture
def classifier():
    return ImageClassifier(image_size=96)


def test_fit_predict_score(photos, classifier):
    paths, labels = photos
    assert classifier.fit(paths, labels) is classifier
    assert list(classifier.classes_) == ["dots", "stripes"]
    probabilities = classifier.predict_proba(paths)
    assert probabilities.shape == (24, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    assert classifier.score(paths, labels) > 0.9


def test_scikit_learn_tools_take_lists_of_paths(photos, classifier):
    paths, labels = photos
    assert clone(classifier).get_params() == classifier.get_params()
    assert cross_val_score(classifier, paths, labels, cv=3).mean() > 0.8
    assert make_pipeline(classifier).fit(paths, labels).score(paths, labels) > 0.9
    search = GridSearchCV(classifier, {"strength": [0.001, 0.1]}, cv=2).fit(paths, labels)
    assert search.best_score_ > 0.8
    assert search.best_estimator_.strength_ == search.best_params_["strength"]


def test_groups_reach_the_folds_that_choose_the_strength(photos, classifier, monkeypatch):
    seen = []
    fit_head = estimator.fit_head
    monkeypatch.setattr(estimator, "fit_head", lambda *a, **k: seen.append(k["groups"]) or fit_head(*a, **k))
    paths, labels = photos
    groups = [i // 2 for i in range(len(paths))]
    clone(classifier).fit(paths, labels, groups=groups)
    order = sorted(range(len(paths)), key=lambda n: hashlib.sha256(Path(paths[n]).read_bytes()).hexdigest())
    assert seen == [[str(groups[n]) for n in order]]
    for wrong in ({"groups": groups[1:]}, {"sample_weight": [1.0]}):
        with pytest.raises(FitError, match="need one for each photo"):
            clone(classifier).fit(paths, labels, **wrong)


def test_the_order_of_the_photos_changes_no_digit_of_the_head(photos, classifier):
    paths, labels = photos
    weights = [1.0 + n % 3 for n in range(len(paths))]
    first = clone(classifier).fit(paths, labels, sample_weight=weights)
    second = clone(classifier).fit(paths[::-1], labels[::-1], sample_weight=weights[::-1])
    assert first.strength_ == second.strength_
    assert first.head_.weights.tobytes() == second.head_.weights.tobytes()


def test_labels_may_be_numbers(photos, classifier):
    paths, labels = photos
    numbers = (labels == "stripes").astype(int) * 7
    assert set(classifier.fit(paths, numbers).predict(paths)) == {0, 7}


def test_the_fitted_head_becomes_a_classifier_file(photos, classifier, tmp_path):
    paths, labels = photos
    classifier.fit(paths, labels)
    model = load_classifier(classifier.to_classifier().save(tmp_path / "model.onnx"))
    assert [answer.label for answer in model.predict(paths)] == list(classifier.predict(paths))
    np.testing.assert_allclose(model.predict_probabilities(paths), classifier.predict_proba(paths), atol=1e-6)


def test_parameters_set_after_fitting_change_no_prediction(photos, classifier, tmp_path):
    paths, labels = photos
    before = classifier.fit(paths, labels).predict_proba(paths)
    trained_on = classifier.to_classifier().metadata.trained_on
    classifier.set_params(image_size=160, backbone="another", precision="another", seed=7)
    np.testing.assert_array_equal(classifier.predict_proba(paths), before)
    copies = [tmp_path / f"{n}.jpg" for n in range(len(paths))]
    for path, copy in zip(paths, copies, strict=True):
        Path(path).rename(copy)  # the photos that were trained on are known without being read again
    model = classifier.to_classifier()
    assert (model.image_size, model.metadata.seed, model.metadata.trained_on) == (96, 0, trained_on)
    assert model.precision == model.metadata.precision
    np.testing.assert_allclose(model.predict_probabilities(copies), before, atol=1e-6)


def test_int8_is_refused_and_train_is_named(photos):
    with pytest.raises(BackboneError, match=r"hs\.train\(photos, precision='int8'\)"):
        ImageClassifier(image_size=96, precision="int8").fit(*photos)


def test_parameters_may_be_numpy_numbers(photos):
    paths, labels = photos
    classifier = ImageClassifier(image_size=np.int64(96), seed=np.int64(3)).fit(paths, labels)
    assert classifier.to_classifier().metadata.seed == 3


def test_wrong_labels_and_a_missing_fit_are_refused(photos, classifier):
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(photos[0])
    with pytest.raises(FitError, match="24 photos and 3 labels"):
        classifier.fit(photos[0], ["a", "b", "c"])
    with pytest.raises(FitError, match="got 1 class"):
        classifier.fit(photos[0], ["a"] * 24)
    with pytest.raises(FitError, match="Cannot train a class named 'none of these'"):
        classifier.fit(photos[0], ["a", "none of these"] * 12)


def test_pictures_in_memory_are_fitted_and_predicted(paint_folder, tmp_path):
    paths = sorted(paint_folder(tmp_path / "photos", n=6).rglob("*.jpg"))
    labels = [path.parent.name for path in paths]
    estimator = ImageClassifier(image_size=96).fit([path.read_bytes() for path in paths], labels)
    expected = ImageClassifier(image_size=96).fit(paths, labels).predict_proba(paths)
    np.testing.assert_array_equal(estimator.predict_proba(paths), expected)


def test_predict_follows_the_threshold_that_finds_a_share(photos, tmp_path):
    paths, labels = photos
    fitted = ImageClassifier(image_size=96, find=0.9, of="dots").fit(paths, labels)
    plain = ImageClassifier(image_size=96).fit(paths, labels)
    assert (fitted.decision_.label, fitted.decision_.find, plain.decision_) == ("dots", 0.9, None)
    probabilities = fitted.predict_proba(paths)
    assert (probabilities == plain.predict_proba(paths)).all()
    assert ((fitted.predict(paths) == "dots") == (probabilities[:, 0] >= fitted.decision_.threshold)).all()
    saved = load_classifier(fitted.to_classifier().save(tmp_path / "model.onnx"))
    assert saved.metadata.decision == fitted.decision_
    assert clone(fitted).get_params() == fitted.get_params()


def test_predict_follows_costs_also_of_labels_that_are_numbers(photos):
    paths, labels = photos
    numbers = (labels == "stripes").astype(int)
    fitted = ImageClassifier(image_size=96, cost="1:0=1e9").fit(paths, numbers)
    assert fitted.decision_ == Decision(costs=(MistakeCost("1", "0", 1e9),))
    assert (fitted.predict(paths) == 1).all()
    assert (ImageClassifier(image_size=96, find=0.9, of=1).fit(paths, numbers).decision_.label) == "1"


def test_a_wrong_working_point_is_refused_before_features_are_computed(photos, monkeypatch):
    paths, labels = photos
    monkeypatch.setattr(estimator, "fit_head", None)
    with pytest.raises(FitError, match=r"got the class 'dot' to find \(did you mean 'dots'\?\)"):
        ImageClassifier(find=0.9, of="dot").fit(paths, labels)
    with pytest.raises(FitError, match=r"a share to find .* without a class"):
        ImageClassifier(find=0.9).fit(paths, labels)


def test_the_confidence_is_set_as_a_training_sets_it(photos):
    paths, labels = photos
    noisy = labels.copy()
    noisy[::3] = "dots"
    fitted = ImageClassifier(image_size=96, strength=100.0).fit(paths, noisy)
    assert fitted.predict_proba(paths).max(1).mean() < 0.99  # so weakly regularised, the raw head is sure of each photo
    assert (fitted.predict(paths) == noisy).mean() > 0.95


@pytest.fixture
def strangers(tmp_path):
    rng = np.random.default_rng(0)
    for n in range(3):
        Image.fromarray(rng.integers(0, 256, (90, 90, 3), np.uint8)).save(tmp_path / f"noise {n}.png")
    return [str(tmp_path / f"noise {n}.png") for n in range(3)]


def test_strangers_are_refused_if_asked(photos, strangers, classifier):
    paths, labels = photos
    classifier.fit(paths, labels)
    assert set(classifier.predict(strangers)) <= {"dots", "stripes"}
    assert list(classifier.predict(strangers, refuse=0.05)) == ["none of these"] * 3
    assert list(classifier.predict(strangers, refuse="auto")) == ["none of these"] * 3
    novelties = classifier.predict_novelty([*strangers, *paths])
    assert novelties[:3].max() <= 0.05 < np.median(novelties[3:])
    answers = classifier.predict(paths, refuse=0.05)
    assert [answer != "none of these" for answer in answers] == list(novelties[3:] > 0.05)


def test_refused_photos_of_labels_that_are_numbers_make_an_array_of_objects(photos, strangers, classifier):
    paths, labels = photos
    classifier.fit(paths, (labels == "stripes").astype(int))
    assert classifier.predict(paths).dtype.kind == "i"
    assert list(classifier.predict(strangers, refuse=0.05)) == ["none of these"] * 3
    answers = classifier.predict(paths, refuse=0.05)
    assert answers.dtype == object
    assert set(answers) <= {0, 1, "none of these"}


def test_the_novelty_of_the_classifier_file_is_that_of_the_estimator(photos, strangers, classifier, tmp_path):
    paths, labels = photos
    classifier.fit(paths, labels)
    model = load_classifier(classifier.to_classifier().save(tmp_path / "model.onnx"))
    found = [answer.novelty for answer in model.predict([*paths, *strangers])]
    np.testing.assert_allclose(found, classifier.predict_novelty([*paths, *strangers]), atol=1e-6)
    assert model.metadata.n_novelty_photos == classifier.novelty_.n_units == 24
    again = pickle.loads(pickle.dumps(classifier))  # noqa: S301
    np.testing.assert_array_equal(again.predict_novelty(paths), classifier.predict_novelty(paths))


def test_of_few_photos_or_groups_there_is_no_novelty(photos, classifier, tmp_path):
    paths, labels = photos
    classifier.fit(paths, labels, groups=[n // 2 for n in range(24)])
    assert classifier.novelty_ is None
    with pytest.raises(FitError, match="got fewer than 19 training photos"):
        classifier.predict_novelty(paths)
    with pytest.raises(ClassifierError, match="cannot tell how strange a photo is"):
        classifier.predict(paths, refuse=0.05)
    assert list(classifier.predict(paths, refuse="auto")) == list(classifier.predict(paths))
    model = load_classifier(classifier.to_classifier().save(tmp_path / "model.onnx"))
    assert model.predict(paths[0]).novelty is None
    with pytest.raises(NotFittedError, match="not fitted"):
        _ = ImageClassifier().novelty_
    with pytest.raises(ClassifierError, match="got 2, need a share"):
        clone(classifier).fit(paths, labels).predict(paths, refuse=2)
