"""What a run knows: the features that its training cached, or those of the network in its file."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from headstart.catalog.scan import scan_photos
from headstart.errors import ClassifierError, RunError
from headstart.features.extraction import extract_features
from headstart.inspection import run_knowledge
from headstart.inspection.run_knowledge import find_run, is_run, open_knowledge, open_pretrained
from headstart.methods.extraction_choice import choose_setup


@pytest.fixture
def photos(trained):
    return scan_photos(trained.folder.parent / "photos").photos[:9]


def judge(known, photos):
    setup = choose_setup(known.setup, known.settings, len(photos))
    return known.judge(photos, extract_features(photos, setup), cache=False, verbose=False)


def check_answers(known, photos, model):
    probabilities, novelties = judge(known, photos)
    for n, photo in enumerate(photos):
        answer = model.predict(photo.path)
        expected = [answer.probabilities[label] for label in model.labels]
        np.testing.assert_allclose(probabilities[n], expected, atol=2e-3)
        assert known.rules.answer(photo.path, probabilities[n], float(novelties[n])).label == answer.label


def test_the_pretrained_network_gives_the_answers_of_the_classifier(trained, photos):
    known = open_knowledge(trained.folder)
    assert known.settings.features == "auto"
    assert len(known.photos) == 40
    assert all(photo.path.is_file() for photo in known.photos)
    assert known.n_learned == len(trained.model.metadata.trained_on)
    check_answers(known, photos, trained.model)


def test_the_network_in_the_file_gives_them_too(trained, photos, monkeypatch, tmp_path):
    monkeypatch.setattr(run_knowledge, "_find_pretrained", lambda _: None)
    known = open_knowledge(shutil.copy(trained.folder / "model.onnx", tmp_path))
    assert (known.settings.features, known.photos, known.name, known.folder) == ("last", (), "model", None)
    check_answers(known, photos, trained.model)


def test_the_classifier_file_of_a_run_is_its_run(trained, tmp_path):
    assert find_run(trained.folder / "model.onnx") == trained.folder
    alone = Path(shutil.copy(trained.folder / "model.onnx", tmp_path))
    assert (find_run(alone), find_run(tmp_path / "nowhere")) == (alone, tmp_path / "nowhere")
    known = open_knowledge(trained.folder / "model.onnx")
    assert (known.name, len(known.photos), known.folder) == ("patterns", 40, trained.folder)
    assert known.sources == (str(trained.folder.parent / "photos"),)


def test_of_many_photos_only_the_features_of_the_classifier_are_extracted(trained):
    known = open_knowledge(trained.folder, n_photos=10_001)
    assert known.settings.features == ("auto" if known.features == "last" else known.features)


def test_views_are_averaged(trained, photos, monkeypatch):
    known = open_knowledge(trained.folder)
    averaged = dataclasses.replace(known.contents.metadata, n_averaged=2)
    contents = dataclasses.replace(known.contents, metadata=averaged)
    one, _ = judge(known, photos)
    two, _ = judge(dataclasses.replace(known, contents=contents), photos)
    assert not np.array_equal(one, two)
    np.testing.assert_allclose(one, two, atol=0.3)


def test_without_a_run_the_pretrained_network_is_known():
    known = open_pretrained("mobilenet_v2", 96)
    assert (known.name, known.contents, known.n_learned, known.setup.image_size) == ("", None, 0, 96)
    assert not known.has_seen("ab" * 32)


def test_runs_and_files_are_told_from_photos(trained, tmp_path):
    assert is_run(trained)
    assert is_run(trained.folder)
    assert is_run(str(trained.folder / "model.onnx"))
    assert not any(map(is_run, (tmp_path, "nowhere.onnx", "", None, ["a"], trained.folder / "catalog.csv")))


def test_what_is_no_run_is_an_error(trained, tmp_path):
    with pytest.raises(RunError, match="it does not exist"):
        open_knowledge(tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"it has no metrics\.json"):
        open_knowledge(tmp_path)
    (tmp_path / "model.onnx").write_text("text")
    with pytest.raises(ClassifierError, match="Cannot load classifier"):
        open_knowledge(tmp_path / "model.onnx")
    moved = shutil.copytree(trained.folder, tmp_path / "run")
    (moved / "catalog.csv").write_text("path,label\n")
    with pytest.raises(RunError, match="got a damaged or edited file"):
        open_knowledge(moved)
