"""The certificate tells training photos, photos of the quantisation and unseen photos apart."""

import numpy as np
import pytest

from headstart.catalog.scan import scan_labelled
from headstart.classifier.classifier import load_classifier
from headstart.classifier.decision import Decision
from headstart.exports.certificate import (
    ENOUGH_TO_DECIDE,
    REFUSAL_KEYS,
    PairedPredictions,
    build_certificate,
    predict_with_both,
)
from headstart.exports.prediction import Outputs


@pytest.fixture(scope="module")
def classifier(run):
    return load_classifier(run.folder, precision="f32")


@pytest.fixture(scope="module")
def unseen(paint_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unseen")
    paint_folder(folder / "photos", n=60)
    for path in (folder / "photos").rglob("0[0-3]*.jpg"):  # the first were trained on
        path.unlink()
    return scan_labelled(folder / "photos").photos


def pair_predictions(photos, disagreeing=(), unanswered=(), novelties=None):
    ours = np.tile(np.array([[0.9, 0.1]], np.float32), (len(photos), 1))
    theirs = ours.copy()
    theirs[list(disagreeing)] = [0.2, 0.8]
    return PairedPredictions(
        photos=list(photos), ours=ours, theirs=theirs, seconds=(0.001, 0.002), failures=[], unanswered=list(unanswered),
        novelties=novelties,
    )  # fmt: skip


def test_agreement_is_given_apart_for_unseen_photos(classifier, photos, unseen):
    seen = [photo for photo in scan_labelled(photos).photos if classifier.metadata.has_seen(photo.digest)]
    calibrated = unseen[:5]
    everything = [*seen, *unseen]
    n_fresh = len(unseen) - len(calibrated)
    disagreeing = [0, len(seen), len(seen) + 5]  # one that was trained on, one quantised on, one unseen
    found = build_certificate(classifier, pair_predictions(everything, disagreeing, unseen[:1]), calibrated)
    parity = found["parity"]
    assert parity["n_disagreeing"] == 3
    assert parity["label_agreement"] == pytest.approx(1 - 3 / len(everything))
    assert parity["n_unseen"] == n_fresh >= ENOUGH_TO_DECIDE
    assert parity["n_disagreeing_unseen"] == 1
    assert parity["label_agreement_unseen"] == pytest.approx(1 - 1 / n_fresh)
    assert (parity["n_unanswered"], parity["n_unanswered_unseen"]) == (1, 0)
    assert parity["is_decided_on_unseen"]
    assert parity["calibrated_on"] == {"n": 5, "n_trained_on": 0}
    assert found["accuracy"]["n"] == n_fresh


def test_with_few_unseen_photos_all_decide(classifier, unseen):
    few = unseen[: ENOUGH_TO_DECIDE - 1]
    assert not build_certificate(classifier, pair_predictions(few))["parity"]["is_decided_on_unseen"]
    found = build_certificate(classifier, pair_predictions(few), few[:9])
    assert found["parity"]["n_unseen"] == len(few) - 9
    assert found["accuracy"]["n"] == len(few)  # quantisation does not use labels
    assert build_certificate(classifier, pair_predictions(few, unanswered=unseen[-1:]))["parity"][
        "is_decided_on_unseen"
    ]


def test_the_times_of_both_include_decoding(classifier, unseen, monkeypatch):
    from headstart.exports import certificate

    waited = []
    for name in ("decode_photo", "open_photo"):
        function = getattr(certificate, name)

        def wait(*told, function=function, **options):
            certificate.time.sleep(0.03)
            waited.append(told)
            return function(*told, **options)

        monkeypatch.setattr(certificate, name, wait)
    outputs = Outputs(np.array([0.5, 0.5], np.float32))
    found = predict_with_both(classifier, lambda path, pixels: outputs, unseen[:3])
    assert len(waited) == 6
    assert min(found.seconds) > 0.03
    assert found.novelties is None  # the export has no such output


def test_refused_photos_are_compared_by_the_share_of_the_classifier(classifier, photos, unseen):
    seen = [photo for photo in scan_labelled(photos).photos if classifier.metadata.has_seen(photo.digest)]
    everything = [*seen, *unseen]
    ours = np.full(len(everything), 0.5, np.float32)
    ours[:2] = 0.05  # as many as may be refused: the share is 5%, for few photos
    theirs = ours.copy()
    theirs[0] = 0.051
    theirs[-1] = 0.01
    parity = build_certificate(classifier, pair_predictions(everything, novelties=(ours, theirs)))["parity"]
    assert parity["refused_share"] == 0.05
    assert parity["n_refused"] == {"classifier": 2, "export": 2}
    assert (parity["n_refused_differently"], parity["n_refused_differently_unseen"]) == (2, 1)
    assert parity["refused_agreement"] == pytest.approx(1 - 2 / len(everything))
    assert parity["refused_agreement_unseen"] == pytest.approx(1 - 1 / len(unseen))
    assert parity["max_novelty_gap"] == pytest.approx(0.49)


def test_without_a_novelty_or_a_share_no_refusals_are_compared(run, classifier, unseen):
    novelties = (np.zeros(len(unseen), np.float32),) * 2
    none = load_classifier(run.folder, precision="f32", refuse=None)
    for parity in (
        build_certificate(classifier, pair_predictions(unseen))["parity"],
        build_certificate(none, pair_predictions(unseen, novelties=novelties))["parity"],
    ):
        assert {parity[key] for key in REFUSAL_KEYS} == {None}


def test_labels_are_compared_by_the_decision(run, set_decision, photos, tmp_path):
    path = set_decision(run.folder, tmp_path / "model.onnx", Decision(label="stripes", threshold=0.15))
    found = scan_labelled(photos).photos[:10]
    predictions = pair_predictions(found)
    predictions.ours[:] = [0.9, 0.1]
    predictions.theirs[:] = [0.8, 0.2]  # the same most probable class, another answer
    assert build_certificate(load_classifier(path), predictions)["parity"]["n_disagreeing"] == 10
    assert build_certificate(load_classifier(run.folder), predictions)["parity"]["n_disagreeing"] == 0
