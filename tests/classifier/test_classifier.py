"""From photo files to probabilities."""

import io
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from PIL import Image

from headstart.classifier.build import build_classifier
from headstart.classifier.classifier import Classifier, load_classifier
from headstart.classifier.decision import Decision
from headstart.errors import BackboneError, ClassifierError, PhotoError
from headstart.pixels.decode import read_photo
from headstart.pixels.resizing import resize_pixels


@pytest.fixture(scope="module")
def classifier(classifier_bytes):
    return Classifier.from_bytes(classifier_bytes, precision="f32")


@pytest.fixture
def photos(make_folder):
    return sorted(make_folder(n=5).rglob("*.jpg"))


def test_one_path_gives_one_prediction(classifier, photos):
    answer = classifier.predict(str(photos[0]))
    assert answer.label in classifier.labels
    assert answer.probability == max(answer.probabilities.values())
    assert list(answer.probabilities.values()) == sorted(answer.probabilities.values(), reverse=True)
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert answer.top(2) == list(answer.probabilities.items())[:2]


def test_several_photos_give_the_predictions_of_single_ones(classifier, photos):
    assert classifier.predict(photos) == [classifier.predict(path) for path in photos]


def test_files_and_decoded_pixels_give_the_same_probabilities(classifier, photos):
    pixels = np.stack([read_photo(path, 96) for path in photos])
    # the features are the same bits; the head's sum over them may be ordered otherwise for many rows than for one
    np.testing.assert_allclose(
        classifier.predict_pixels(pixels), classifier.predict_probabilities(photos), rtol=0, atol=1e-6
    )


def test_a_broken_photo_is_an_error_only_if_it_is_the_only_one(classifier, photos, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing like a photo, whatever its name says")
    answers = classifier.predict([photos[0], broken, photos[1]])
    assert [answer.error is None for answer in answers] == [True, False, True]
    assert answers[1].label is None
    assert np.isnan(classifier.predict_probabilities([broken])).all()
    with pytest.raises(PhotoError, match=r"Cannot predict '.*broken.png': not a photo"):
        classifier.predict(broken)


def test_a_damaged_photo_has_an_answer_with_a_warning(classifier, photos):
    data = photos[1].read_bytes()
    middle = len(data) * 2 // 3
    photos[1].write_bytes(data[:middle] + bytes(60) + data[middle + 60 :])
    answers = classifier.predict(photos)
    assert [answer.warning is not None for answer in answers] == [n == 1 for n in range(len(photos))]
    assert "Corrupt JPEG data" in answers[1].warning
    assert answers[1].error is None
    assert classifier.predict(photos[1]).warning == answers[1].warning


def test_pixels_of_another_size_are_resized_as_a_file(classifier):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 255, (6, 70, 90, 3), np.uint8)
    np.testing.assert_array_equal(
        classifier.predict_pixels(pixels), classifier.predict_pixels(resize_all(pixels, classifier.image_size))
    )


def resize_all(pixels, side):
    return np.stack([resize_pixels(one, side, side) for one in pixels])


@pytest.mark.parametrize(
    "pixels", [np.zeros((1, 96, 96), np.uint8), np.zeros((1, 96, 96, 3)), [[1, 2]], np.zeros((1, 96, 96, 4), np.uint8)]
)
def test_pixels_of_another_shape_are_refused(classifier, pixels):
    with pytest.raises(ClassifierError, match=r"need uint8 of \(N, height, width, 3\)"):
        classifier.predict_pixels(pixels)


def test_pictures_without_pixels_are_refused(classifier):
    with pytest.raises(ClassifierError, match=r"got shape \(2, 0, 5, 3\), need pictures with pixels"):
        classifier.predict_pixels(np.zeros((2, 0, 5, 3), np.uint8))


def open_kinds(path):
    """Return the photo as a path, as bytes, as open files, as an image and as an array."""
    image = Image.open(path)
    image.load()
    array = np.asarray(image)
    return [path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), path.open("rb"), image, array]


def test_a_photo_in_memory_gets_the_answer_of_its_file(classifier, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (110, 150, 3), np.uint8)).save(path)
    expected = classifier.predict(path)
    kinds = open_kinds(path)
    for answer in [*map(classifier.predict, kinds), *classifier.predict(kinds)]:
        assert answer.probabilities == expected.probabilities
        assert answer.path in (path, None)
    assert classifier.predict(kinds[-1]).path is None
    kinds[4].close()


def test_an_array_of_several_pictures_is_a_list(classifier):
    pixels = np.random.default_rng(1).integers(0, 255, (3, 50, 60, 3), np.uint8)
    assert [one.probabilities for one in classifier.predict(pixels)] == [
        classifier.predict(one).probabilities for one in pixels
    ]


def test_arrays_may_be_written_again_while_photos_are_predicted(classifier):
    buffer = np.zeros((50, 60, 3), np.uint8)
    frames = np.random.default_rng(2).integers(0, 255, (9, *buffer.shape), np.uint8)

    def play():
        for frame in frames:
            buffer[:] = frame
            yield buffer

    answers = [one.probabilities for one in classifier.predict_iter(play())]
    assert answers == [classifier.predict(frame).probabilities for frame in frames]


def test_pictures_in_memory_that_cannot_be_decoded_are_named(classifier, photos):
    answers = classifier.predict([photos[0], b"nothing", io.BytesIO(b"")])
    assert [answer.error for answer in answers] == [None, "not a photo: no known signature", "empty file"]
    with pytest.raises(PhotoError, match=r"^Cannot predict the picture: not a photo: no known signature\.$"):
        classifier.predict(b"nothing")
    with pytest.raises(PhotoError, match=r"^Cannot explain the picture: empty file\.$"):
        classifier.explain(b"")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "got None, need a path"),
        (7, "got a value of type int"),
        ([None], "got None, need a path"),
        (pd.DataFrame({"path": ["a.jpg"]}), r"a table with the columns path.*table\['path'\]"),
        (np.zeros(5), r"got an array of shape \(5,\)"),
    ],
)
def test_other_values_are_told_in_a_sentence(classifier, value, told):
    with pytest.raises(PhotoError, match=told):
        classifier.predict(value)


def test_a_photo_in_memory_is_explained_as_its_file(classifier, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (110, 150, 3), np.uint8)).save(path)
    expected = classifier.explain(path, "dots")
    for kind in (path.read_bytes(), Image.open(path), np.asarray(Image.open(path))):
        np.testing.assert_array_equal(classifier.explain(kind, "dots").heat, expected.heat)


def test_a_classifier_is_loaded_from_what_has_its_folder(classifier, tmp_path):
    classifier.save(tmp_path / "model.onnx")
    run = SimpleNamespace(folder=tmp_path)
    for place in (run, tmp_path, str(tmp_path), tmp_path / "model.onnx"):
        assert load_classifier(place).labels == classifier.labels
    with pytest.raises(ClassifierError, match=r"got None, need a model\.onnx, a run folder or a run"):
        load_classifier(None)


def test_no_photos_give_no_rows(classifier):
    probabilities = classifier.predict_pixels(np.zeros((0, 96, 96, 3), np.uint8))
    assert probabilities.shape == classifier.predict_probabilities([]).shape == (0, 3)
    assert probabilities.dtype == np.float32


def test_a_saved_classifier_has_the_same_bytes_and_predictions(classifier, photos, tmp_path):
    path = classifier.save(tmp_path / "copy.onnx")
    again = load_classifier(path, precision="f32")
    assert again.predict(photos) == classifier.predict(photos)
    assert again.save(tmp_path / "again.onnx").read_bytes() == path.read_bytes()
    assert "3 labels" in repr(again)


def test_a_quantised_classifier_computes_in_int8_and_refuses_bf16(int8_bytes, photos):
    auto, exact = (Classifier.from_bytes(int8_bytes, precision=name) for name in ("auto", "f32"))
    assert auto.precision == exact.precision == "int8"
    np.testing.assert_array_equal(auto.predict_probabilities(photos), exact.predict_probabilities(photos))
    with pytest.raises(BackboneError, match="quantised to int8 and has no other precision"):
        Classifier.from_bytes(int8_bytes, precision="bf16").predict(photos)


def test_onnx_runtime_gives_most_labels_of_a_quantised_classifier(int8_bytes, photos):
    pixels = np.stack([read_photo(path, 96) for path in photos])
    theirs = onnxruntime.InferenceSession(int8_bytes).run(None, {"pixels": pixels})[0]
    ours = Classifier.from_bytes(int8_bytes).predict_pixels(pixels)
    assert (ours.argmax(1) == theirs.argmax(1)).mean() >= 0.9
    assert np.abs(ours - theirs).mean() < 0.1


def test_a_folder_that_cannot_be_written_is_named(classifier, tmp_path):
    with pytest.raises(ClassifierError, match="Cannot save"):
        classifier.save(tmp_path / "missing" / "model.onnx")


def test_a_failed_save_leaves_the_old_file(classifier, tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"first")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ClassifierError, match=r"Cannot save .*No space left"):
        classifier.save(path)
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_probabilities_that_are_no_numbers_are_an_error(parts):
    """Weights of 1e38 are finite, and their products are not."""
    backbone, weights, bias, metadata = parts
    large = np.where(weights > 0, np.float32(3e38), np.float32(-3e38))
    broken = Classifier.from_bytes(build_classifier(backbone, large, bias, metadata), precision="f32")
    with pytest.raises(ClassifierError, match="the weights of this classifier are too large or damaged"):
        broken.predict_pixels(np.full((1, 96, 96, 3), 200, np.uint8))


def test_predictions_and_explanations_follow_the_decision(parts, change_metadata, classifier, photos):
    backbone, weights, bias, _ = parts
    seldom = min(classifier.labels, key=lambda label: classifier.predict(photos[0]).probabilities[label])
    metadata = change_metadata(decision=Decision(label=seldom, threshold=1e-9))
    decided = Classifier.from_bytes(build_classifier(backbone, weights, bias, metadata), precision="f32")
    before, after = classifier.predict(photos[0]), decided.predict(photos[0])
    assert (before.decided_by, after.decided_by[:21]) == (None, "by the working point ")
    assert (after.label, after.probability) == (seldom, before.probabilities[seldom])
    assert after.probabilities == before.probabilities
    rest = [label for label in before.probabilities if label != seldom]
    assert [label for label, _ in after.top()] == [seldom, *rest]
    assert decided.explain(photos[0]).label == seldom
    assert classifier.explain(photos[0]).label == before.label
    assert decided.explain(photos[0], before.label).label == before.label
    assert (decided.predict_probabilities(photos) == classifier.predict_probabilities(photos)).all()
