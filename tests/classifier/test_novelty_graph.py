"""The novelty test in the graph: the same novelty in ONNX Runtime, and damage is refused."""

import dataclasses

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.classifier.build import build_classifier
from headstart.classifier.classifier import Classifier
from headstart.classifier.file import parse_classifier
from headstart.classifier.metadata import Metadata
from headstart.classifier.novelty_graph import assemble_novelty
from headstart.errors import ClassifierError
from headstart.head.novelty import fit_novelty


@pytest.fixture(scope="module")
def novelty():
    generator = np.random.default_rng(0)
    mixing = np.random.default_rng(1).normal(size=(20, 1280))
    rows = generator.normal(size=(150, 20)) @ mixing / 4 + generator.normal(size=(150, 1280)) * 0.3 + 0.2
    return fit_novelty(np.maximum(rows, 0).astype(np.float32))


@pytest.fixture
def build(parts, change_metadata, novelty):
    def make(test=novelty, n_novelty_photos=150):
        backbone, weights, bias, _ = parts
        return build_classifier(backbone, weights, bias, change_metadata(n_novelty_photos=n_novelty_photos), test)

    return make


def make_pixels(n=6):
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (n, 96, 96, 3))
    smooth = np.linspace(0, 255, 96)[:, None, None] * generator.random((n, 1, 1, 3))
    black = np.zeros((1, 96, 96, 3))
    return np.concatenate([noise, smooth + np.zeros((n, 96, 96, 3)), black]).astype(np.uint8)


def test_onnx_runtime_gives_the_novelty_of_numpy(build):
    onnxruntime = pytest.importorskip("onnxruntime")
    data, pixels = build(), make_pixels()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == ["probabilities", "novelty"]
    probabilities, novelties = session.run(None, {"pixels": pixels})
    assert (novelties.shape, novelties.dtype) == ((len(pixels), 1), np.float32)
    expected = Classifier.from_bytes(data, precision="f32").judge_pixels(pixels)
    np.testing.assert_allclose(probabilities, expected[0], atol=1e-4)
    np.testing.assert_allclose(novelties[:, 0], expected[1], atol=1e-4)


def test_a_file_gives_back_its_test_to_the_bit(build, novelty):
    read = parse_classifier(build()).novelty
    for name, value in dataclasses.asdict(novelty).items():
        assert np.asarray(value, np.float32).tobytes() == np.asarray(getattr(read, name), np.float32).tobytes(), name


def test_the_test_adds_half_a_megabyte_at_most(build, classifier_bytes):
    assert 0 < len(build()) - len(classifier_bytes) < 500_000


def test_a_classifier_without_a_test_tells_no_novelty(classifier_bytes):
    assert parse_classifier(classifier_bytes).novelty is None
    assert Classifier.from_bytes(classifier_bytes).judge_pixels(make_pixels(1))[1] is None


def test_the_probabilities_do_not_change_by_a_bit(build, classifier_bytes):
    both = [Classifier.from_bytes(data).predict_pixels(make_pixels()) for data in (build(), classifier_bytes)]
    assert both[0].tobytes() == both[1].tobytes()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"scale": 0.0}, "whose shares do not fall from 1 or less"),
        ({"falls": -1.0}, "whose shares do not fall from 1 or less"),
        ({"falls": 2.0}, "whose shares fall below 0"),
        ({"most": 3.0}, "whose shares do not fall from 1 or less"),
        ({"mean": np.nan}, "NaN or infinity"),
        ({"components": np.inf}, "NaN or infinity"),
        ({"starts": np.nan}, "NaN or infinity"),
        ({"most": np.nan}, "NaN or infinity"),
    ],
)
def test_wrong_weights_are_refused_with_a_sentence(build, novelty, change, text):
    ((name, value),) = change.items()
    old = getattr(novelty, name)
    damaged = dataclasses.replace(novelty, **{name: value if name == "most" else np.full_like(old, value)})
    with pytest.raises(ClassifierError, match=text):
        parse_classifier(build(damaged))


def test_novelties_that_are_no_numbers_are_an_error(build, novelty):
    """Weights of 1e30 are finite, and their squares are not: such a photo would be refused without a reason."""
    large = dataclasses.replace(
        novelty, components=np.full_like(novelty.components, 1e30), scale=np.full_like(novelty.scale, 1e-30)
    )
    broken = Classifier.from_bytes(build(large), precision="f32")
    with pytest.raises(ClassifierError, match="its probabilities or novelties are no numbers"):
        broken.judge_pixels(make_pixels(1))


@pytest.mark.parametrize("n", [0, 10**9 + 1, 10**400])
def test_a_number_of_photos_that_cannot_be_is_refused(change_metadata, n):
    text = change_metadata(n_novelty_photos=n).to_json()
    with pytest.raises(ClassifierError, match=r"n_novelty_photos \d+, need a whole number from 1 to 1,000,000,000"):
        Metadata.from_json(text)


def test_the_metadata_and_the_graph_have_to_agree(build, parts, novelty):
    with pytest.raises(ClassifierError, match="got a novelty test of 150 photos, need 99"):
        build(n_novelty_photos=99)
    with pytest.raises(ClassifierError, match="got a novelty test of None photos, need 150"):
        build(None)
    with pytest.raises(ClassifierError, match="got a novelty test of 150 photos, need None"):
        build_classifier(*parts, novelty)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({1: np.ones(3, np.float32)}, "standardisation and components differ in size"),
        ({2: np.ones(1280, np.float32)}, "standardisation and components differ in size"),
        ({3: np.ones(2, np.float32)}, "shares have no shape"),
        ({6: np.ones(2, np.float32)}, "shares have no shape"),
    ],
)
def test_weights_of_other_shapes_are_refused(novelty, change, text):
    weights = [novelty.mean, novelty.scale, novelty.components, novelty.starts, novelty.slopes, novelty.falls,
               np.array([novelty.most], np.float32)]  # fmt: skip
    for at, value in change.items():
        weights[at] = value
    with pytest.raises(ValueError, match=text):
        assemble_novelty(weights, 150)


@pytest.mark.parametrize("n_last", [1280, 320])
def test_the_test_may_look_at_the_last_features_alone(parts, change_metadata, n_last):
    rows = np.random.default_rng(0).random((60, n_last)).astype(np.float32)
    backbone, weights, bias, _ = parts
    data = build_classifier(backbone, weights, bias, change_metadata(n_novelty_photos=60), fit_novelty(rows))
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    novelties = session.run(["novelty"], {"pixels": make_pixels(2)})[0][:, 0]
    expected = Classifier.from_bytes(data, precision="f32").judge_pixels(make_pixels(2))[1]
    np.testing.assert_allclose(novelties, expected, atol=1e-4)
    assert load_backbone().spec.n_features == 1280
