"""A classifier that has predicted works in forked and spawned processes, and as a copy."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone

import headstart as hs
from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.classifier.build import build_classifier
from headstart.classifier.metadata import Metadata
from headstart.errors import BackboneError

LIMIT_S = 60
pytestmark = [
    pytest.mark.slow,
    # Python 3.12 warns about every fork of a process with threads, which is what these tests do
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Processes that are not forked import the functions of this file by name."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def paths(paint_folder, tmp_path_factory):
    return sorted(paint_folder(tmp_path_factory.mktemp("forks") / "photos", n=6).rglob("*.jpg"))


@pytest.fixture(scope="module")
def classifier(paths):
    """A classifier that has predicted with both of its engines, and has explained."""
    backbone = load_backbone()
    weights = np.random.default_rng(0).normal(size=(1280, 2)).astype(np.float32)
    metadata = Metadata.describe(
        backbone.spec, labels=["dots", "stripes"], image_size=96, precision="f32", digests=[], seed=0
    )
    data = build_classifier(backbone, weights, np.zeros(2, np.float32), metadata)
    model = hs.Classifier.from_bytes(data, precision="f32")
    model.predict(paths)
    model.predict(paths[0])
    model.explain(paths[0])
    return model


@pytest.fixture(scope="module")
def estimator(paths):
    return hs.ImageClassifier(image_size=96, cache=False).fit(paths, [path.parent.name for path in paths])


def answer(model, paths):
    heat = model.explain(paths[0]).heat.tolist()
    return [model.predict(paths), model.predict(paths[:2]), heat]


def predict_or_name_error(model, paths):
    try:
        return model.predict(paths)
    except BackboneError as error:
        return type(error).__name__


def map_in_pool(method, function, items):
    """Return the answers of two worker processes, which must come within a minute."""
    pool = multiprocessing.get_context(method).Pool(2)
    try:
        return pool.map_async(function, items).get(LIMIT_S)
    finally:
        pool.terminate()


def ask_child(function):
    """Return the answer of a forked child, which inherits all objects of this process."""
    context = multiprocessing.get_context("fork")
    reading, writing = context.Pipe(duplex=False)
    child = context.Process(target=lambda: writing.send(function()))
    child.start()
    try:
        assert reading.poll(LIMIT_S), "the child hangs"
        return reading.recv()
    finally:
        child.kill()
        child.join()


@needs_fork
def test_a_forked_child_predicts_with_the_classifier_of_its_parent(classifier, paths):
    expected = answer(classifier, paths)
    assert ask_child(lambda: answer(classifier, paths)) == expected
    assert answer(classifier, paths) == expected  # the parent goes on


@needs_fork
def test_a_grandchild_predicts_too(classifier, paths):
    expected = classifier.predict(paths)
    assert ask_child(lambda: (classifier.predict(paths), ask_child(lambda: classifier.predict(paths)))) == (
        expected,
        expected,
    )


@needs_fork
def test_an_engine_of_a_backbone_crosses_a_fork():
    engine = BackboneSetup(load_backbone(), 96, "f32").open_engine()
    pixels = np.random.default_rng(0).integers(0, 255, (6, 96, 96, 3), np.uint8)
    expected = engine.infer(pixels)
    np.testing.assert_array_equal(ask_child(lambda: engine.infer(pixels)), expected)


@needs_fork
@pytest.mark.parametrize("n_freed", [1, 2])
def test_a_child_predicts_though_its_parent_has_freed_networks(classifier, paths, n_freed):
    """OpenVINO gives the threads of a freed network to the next one, and a child does not have them."""
    backbone = load_backbone()
    engines = [BackboneSetup(backbone, 96 + 32 * place, "f32").open_engine() for place in range(n_freed)]
    expected = classifier.predict(paths)
    del engines
    assert ask_child(lambda: classifier.predict(paths)) == expected


@needs_fork
def test_a_child_that_is_forked_during_a_prediction_predicts_or_raises(classifier, paths):
    is_done = threading.Event()

    def go_on():
        while not is_done.is_set():
            classifier.predict(paths)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        answers = map_in_pool("fork", partial(predict_or_name_error, classifier), [paths] * 4)
        expected = classifier.predict(paths)
        assert all(answer in (expected, "BackboneError") for answer in answers)
    finally:
        is_done.set()
        thread.join()


ENDING = """
import os, sys
import headstart as hs

classifier = hs.load(sys.argv[1], precision="f32")
before = classifier.predict(sys.argv[2:])
child = os.fork()
if child == 0:
    sys.exit(classifier.predict(sys.argv[2:]) != before)  # frees all objects, unlike the children of multiprocessing
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@needs_fork
def test_a_child_that_ends_as_a_program_ends_does_not_hang(classifier, paths, tmp_path):
    model = classifier.save(tmp_path / "model.onnx")
    arguments = [sys.executable, "-c", ENDING, str(model), *map(str, paths)]
    assert subprocess.run(arguments, timeout=LIMIT_S).returncode == 0


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_classifier_is_sent_to_other_processes(classifier, paths, method):
    assert map_in_pool(method, partial(answer, classifier), [paths] * 2) == [answer(classifier, paths)] * 2


@pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])  # noqa: S301
def test_a_copy_gives_the_same_answers(classifier, paths, make_copy):
    twin = make_copy(classifier)
    assert twin.precision == "f32"
    assert answer(twin, paths) == answer(classifier, paths)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_fitted_estimator_is_sent_to_other_processes(estimator, paths, method):
    expected = estimator.predict_proba(paths)
    for rows in map_in_pool(method, estimator.predict_proba, [paths] * 2):
        np.testing.assert_array_equal(rows, expected)


def test_estimators_work_in_joblib_and_clone(estimator, paths):
    expected = estimator.predict(paths)
    jobs = (joblib.delayed(estimator.predict)(paths) for _ in range(2))
    for labels in joblib.Parallel(n_jobs=2, timeout=LIMIT_S)(jobs):
        assert labels.tolist() == expected.tolist()
    assert clone(estimator).get_params() == estimator.get_params()
    twin = copy.deepcopy(hs.FeatureExtractor(image_size=96))
    np.testing.assert_array_equal(twin.transform(paths), hs.FeatureExtractor(image_size=96).transform(paths))
